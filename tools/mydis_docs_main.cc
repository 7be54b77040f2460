// Prints docs/commands.md: mydis_docs > docs/commands.md
#include <cstdio>

#include "commands/markdown.h"
#include "server/local_families.h"

int main() {
  const mydis::CommandTable table(mydis::StateFamilies(), mydis::LocalFamilies());
  std::fputs(mydis::CommandsMarkdown(table).c_str(), stdout);
}
