#include "base/c_locale.h"

#include <clocale>
#include <cstdlib>

#include "base/assert.h"

namespace mydis {
namespace {

locale_t CLocale() {
  static const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
  MYDIS_ASSERT(locale != nullptr, "the C locale is always there");
  return locale;
}

}  // namespace

double CLocaleStrtod(const char* text, char** end) { return strtod_l(text, end, CLocale()); }

long double CLocaleStrtold(const char* text, char** end) { return strtold_l(text, end, CLocale()); }

}  // namespace mydis
