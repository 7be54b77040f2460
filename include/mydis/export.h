// Marks what the library shows of itself: everything else is hidden.
#pragma once

#if defined(__GNUC__)
#define MYDIS_API __attribute__((visibility("default")))
#else
#define MYDIS_API
#endif
