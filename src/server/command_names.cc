#include "server/command_names.h"

#include "base/ascii.h"
#include "commands/table.h"
#include "server/local_families.h"

namespace mydis {

std::vector<std::string> CommandNames() {
  const CommandTable table(StateFamilies(), LocalFamilies());
  std::vector<std::string> names;
  for (const CommandSpec* spec : table.all()) names.push_back(ToUpper(spec->name));
  return names;
}

}  // namespace mydis
