// C's standard streams as the library's copy of Lua knows them (cmake/Library.cmake says why).
// Scripts do not reach them.
#include <cstdio>

extern "C" {
// lint: io-ok Lua's base library and its reader of files name them
FILE* mydis_lua_stdin = stdin;
// lint: io-ok as above
FILE* mydis_lua_stdout = stdout;
// lint: io-ok as above
FILE* mydis_lua_stderr = stderr;
}
