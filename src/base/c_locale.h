// Text to numbers as in the "C" locale, whatever locale the program that holds us has chosen: the
// same bytes must give the same number on every instance.
#pragma once

namespace mydis {

// As strtod and strtold. Any thread.
double CLocaleStrtod(const char* text, char** end);
long double CLocaleStrtold(const char* text, char** end);

}  // namespace mydis
