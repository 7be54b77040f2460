// The sandbox, the conversions, the budget: what scripts may do and what comes of it.
#include "base/sha1.h"
#include "commands/command_fixture.h"
#include "script/script_family.h"
#include "script/vm.h"

namespace mydis {
namespace {

class Scripting : public CommandFixture {
 protected:
  Scripting() : CommandFixture(ScriptFamilies()) {}

  std::string Eval(std::string_view script, std::vector<std::string> keys = {},
                   const std::vector<std::string>& args = {}) {
    return Call("EVAL", script, keys, args);
  }
  std::string EvalRo(std::string_view script) { return Call("EVAL_RO", script, {}, {}); }
  std::string Call(std::string command, std::string_view what, const std::vector<std::string>& keys,
                   const std::vector<std::string>& args) {
    std::vector<std::string> words = {std::move(command), std::string(what),
                                      std::to_string(keys.size())};
    words.insert(words.end(), keys.begin(), keys.end());
    words.insert(words.end(), args.begin(), args.end());
    return RunWords(words);
  }
  // The error without what tells its place.
  std::string Error(std::string_view script) {
    const std::string reply = Eval(script);
    return reply.substr(0, reply.find(" script: "));
  }
  void Load(std::string_view code) {
    const std::string reply = RunWords({"FUNCTION", "LOAD", "REPLACE", std::string(code)});
    ASSERT_EQ(reply[0], '"') << reply;
  }
};

TEST_F(Scripting, Sha1OfKnownTexts) {
  EXPECT_EQ(Sha1Hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(Sha1Hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(Sha1Hex(std::string(1000000, 'a')), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST_F(Scripting, Conversions) {
  EXPECT_EQ(Eval("return 3.99"), ":3");
  EXPECT_EQ(Eval("return -3.99"), ":-3");
  EXPECT_EQ(Eval("return 'x'"), "\"x\"");
  EXPECT_EQ(Eval("return true"), ":1");
  EXPECT_EQ(Eval("return false"), "(nil)");
  EXPECT_EQ(Eval("return nil"), "(nil)");
  EXPECT_EQ(Eval("return {1,2,nil,4}"), "*2\n  :1\n  :2");
  EXPECT_EQ(Eval("return {ok='fine\\n'}"), "+fine ");
  EXPECT_EQ(Eval("return {err='MY mistake'}"), "-MY mistake");
  EXPECT_EQ(Eval("return redis.error_reply('mistake')"), "-ERR mistake");
  EXPECT_EQ(Eval("return {double=1.5}"), "\"1.5\"");
  EXPECT_EQ(Eval("return {map={a=1}}"), "*2\n  \"a\"\n  :1");
  EXPECT_EQ(Eval("return {KEYS[1],ARGV[1]}", {"k"}, {"v"}), "*2\n  \"k\"\n  \"v\"");
  EXPECT_EQ(Eval("return 1/0"), ":-9223372036854775808");
  resp_version_ = 3;
  EXPECT_EQ(Eval("redis.setresp(3) return true"), "#t");
  EXPECT_EQ(Eval("return {double=1.5}"), ",1.5");
  EXPECT_EQ(Eval("return {map={a=1}}"), "%1\n  \"a\"\n  :1");
  EXPECT_EQ(Eval("return {set={a=true}}"), "~1\n  \"a\"");
  EXPECT_EQ(Eval("return {big_number='123'}"), "(123");
  EXPECT_EQ(Eval("return {verbatim_string={format='txt',string='x'}}"), "=txt:\"x\"");
}

TEST_F(Scripting, CommandsAndTheirErrors) {
  EXPECT_EQ(Eval("return redis.call('set',KEYS[1],ARGV[1])", {"k"}, {"v"}), "+OK");
  EXPECT_EQ(Eval("return redis.call('get','k')"), "\"v\"");
  EXPECT_EQ(Eval("return redis.call('get','none')"), "(nil)");
  EXPECT_EQ(Eval("return type(redis.call('get','none'))"), "\"boolean\"");
  EXPECT_EQ(Eval("return redis.call('set','n',2^40)"), "+OK");
  EXPECT_EQ(Run("GET n"), "\"1099511627776\"");
  EXPECT_EQ(Error("redis.call('incr','k')"), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Eval("return redis.pcall('incr','k')['err']"),
            "\"ERR value is not an integer or out of range\"");
  EXPECT_EQ(Error("redis.call('nosuch')"), "-ERR Unknown Redis command called from script");
  EXPECT_EQ(Error("redis.call('get')"),
            "-ERR Wrong number of args calling Redis command from script");
  EXPECT_EQ(Error("redis.call('eval','return 1',0)"),
            "-ERR This Redis command is not allowed from script");
  EXPECT_EQ(EvalRo("return redis.pcall('set','k','w')['err']"),
            "\"ERR Write commands are not allowed from read-only scripts.\"");
  EXPECT_EQ(Eval("redis.call('incr','k')"),
            "-ERR value is not an integer or out of range script: " +
                Sha1Hex("redis.call('incr','k')") + ", on @user_script:1.");
  EXPECT_EQ(Error("local x = 1\nerror('mine')"), "-ERR user_script:2: mine");
  EXPECT_EQ(Error("error({err='MY own'})"), "-MY own");
  EXPECT_EQ(Eval("return {pcall(function() error('x') end)}"),
            "*2\n  (nil)\n  \"user_script:1: x\"");
}

TEST_F(Scripting, TheSandboxHolds) {
  for (const char* name : {"print", "dofile", "loadfile", "io", "package", "debug", "require"}) {
    EXPECT_EQ(Error(std::string("return ") + name),
              std::string("-ERR user_script:1: Script attempted to access nonexistent global "
                          "variable '") +
                  name + "'");
  }
  const std::string readonly = "-ERR user_script:1: Attempt to modify a readonly table";
  for (const char* script :
       {"x = 1", "_G.x = 1", "redis = 1", "redis.call = 1", "string.format = 1",
        "getmetatable(_G).__index = {}", "math.pi = 3", "getmetatable('').__index = nil",
        "cjson.encode = 1", "bit.band = 1"}) {
    EXPECT_EQ(Error(script), readonly) << script;
  }
  for (const char* script : {"setmetatable(_G, {})", "rawset(_G, 'x', 1)", "table.insert(redis, 1)",
                             "table.sort(string)", "table.remove(math)"}) {
    EXPECT_TRUE(Error(script).ends_with("Attempt to modify a readonly table")) << script;
  }
  EXPECT_EQ(Eval("return type(loadstring(string.dump(function() end)))"), "\"nil\"");
  EXPECT_EQ(Eval("return loadstring('return 7')()"), ":7");
  EXPECT_EQ(Error("getfenv(redis.call).x = 1"), readonly);
  EXPECT_EQ(Eval("setfenv(1, {}) x = 1 return x"), ":1");
  EXPECT_EQ(Eval("return redis ~= nil"), ":1");
}

TEST_F(Scripting, EveryCallBeginsAlike) {
  const char* const kOrder =
      "local t, out = {}, {} for i = 1, 20 do t[{}] = i t['s' .. i] = i end "
      "for k, v in pairs(t) do out[#out + 1] = v end "
      "return table.concat(out, ',') .. tostring({}) .. collectgarbage('count')";
  const std::string first = Eval(kOrder);
  EXPECT_EQ(first.find("0x") != std::string::npos, true);
  Eval("local t = {} for i = 1, 100000 do t[i] = {i} end return #t");
  Eval("error('x')");
  EXPECT_EQ(Eval(kOrder), first);
  LuaVm::OfThread().Forget();
  EXPECT_EQ(Eval(kOrder), first);
  // Another arena, another place in memory.
  LuaVm other;
  EXPECT_EQ(other.base_bytes(), LuaVm::OfThread().base_bytes());
}

// Each instruction, or call, of these takes as long as many others do.
TEST_F(Scripting, TheBudgetEndsWhatTakesLongAtEachStep) {
  ASSERT_EQ(Run("MYDIS SET script-budget 5000000"), "+OK");
  const std::string ended = "-ERR " + std::string(kErrBudget);
  for (const char* script :
       {// Strings whose ends differ, numbers whose halves add up to the same.
        "local t = {} while true do t[#t + 1] = string.rep('x', 100) .. #t end",
        "local t = {} for i = 1, 1e9 do t[2^52 + i * (2^32 - 1)] = i end",
        // Long strings: compared, made, read as numbers.
        "local s = string.rep('x', 1e6) local a, b = s .. 'a', s .. 'b' while a < b do end",
        "local s = string.rep('a\\0', 1e6) local a, b = s .. 'a', s .. 'b' while a < b do end",
        "local s = string.rep('x', 1e6) while true do local c = #(s .. 'y') end",
        "local s = string.rep(' ', 1e6) .. '1' while s + 1 > 0 do end",
        "local s = '1' .. string.rep(' ', 1e6) while s + 1 > 0 do end",
        "local s = string.rep(' ', 1e6) while not tonumber(s) do end",
        "local s = string.rep(' ', 1e6) while not tonumber(s, 16) do end",
        "local s = string.rep('x=1 ', 1e5) while true do loadstring(s) end",
        // Tables: their first keys gone, their ends looked for, the collector's work.
        "local t = {} for i = 1, 1e5 do t['k' .. i] = 1 end for k in pairs(t) do t[k] = nil end "
        "while true do next(t) end",
        "local t = {} for i = 1, 1e5 do t[i] = i end for i = 17, 30 do t[2^i] = 1 end "
        "while #t > 0 do end",
        "local t = {} for i = 1, 1e5 do t[i] = i end while true do table.maxn(t) end",
        "local t = {} for i = 1, 1e5 do t[i] = {} end while true do collectgarbage() end",
        "local t = {} for i = 1, 1e5 do t[i] = {} end while true do collectgarbage('step') end",
        "collectgarbage('setpause', 0) collectgarbage('setstepmul', 1e9) local t = {} "
        "for i = 1, 1e5 do t[i] = {} end while true do local u = {} end",
        // Many values.
        "local t = {} for i = 1, 7000 do t[i] = i end while true do unpack(t) end",
        "local t = {} for i = 1, 7000 do t[i] = i end local function g() end "
        "local function f(...) while true do g(...) end end f(unpack(t))",
        "local s = string.rep('x', 7000) while true do s:byte(1, -1) end",
        "local t = {} for i = 1, 90 do t = setmetatable({}, {__index = t}) end "
        "while not t.x do end",
        "while true do string.format('%99.99f', 1e308) end"}) {
    EXPECT_EQ(Error(script), ended) << script;
  }
}

TEST_F(Scripting, TheCollectorIsNotTheScripts) {
  EXPECT_EQ(Eval("collectgarbage('setpause', 1) return collectgarbage('setpause', 2)"), ":200");
  EXPECT_EQ(Eval("return collectgarbage('stop') + collectgarbage('restart')"), ":0");
  EXPECT_EQ(Eval("return {type(collectgarbage('count')), type(collectgarbage('step'))}"),
            "*2\n  \"number\"\n  \"boolean\"");
}

TEST_F(Scripting, TheBudgetEndsWhatDoesNotEnd) {
  ASSERT_EQ(Run("MYDIS SET script-budget 1000000"), "+OK");
  const std::string ended = "-ERR " + std::string(kErrBudget);
  for (const char* script :
       {"while true do end", "while true do pcall(function() while true do end end) end",
        "while true do pcall(error) end", "return string.rep('a', 1e8):len()",
        "while true do coroutine.wrap(function() end)() end",
        "local c = coroutine.create(function() while true do end end) "
        "while true do coroutine.resume(c) end",
        "return string.find(string.rep('a', 30), string.rep('a-', 30) .. 'b')",
        "return string.rep('a', 200):match(string.rep('.-', 100) .. 'b')",
        "local t = {} for i = 1, 40 do t = {t, t} end return cjson.encode(t)",
        "local t = {} for i = 1, 14 do t = {t, t, t, t} end return cmsgpack.pack(t)"}) {
    const std::string error = Error(script);
    EXPECT_TRUE(error == ended || error.ends_with("not enough memory")) << script << ": " << error;
  }
  // What was written before the end stays.
  Eval("redis.call('set', 'before', 'end') while true do end");
  EXPECT_EQ(Run("GET before"), "\"end\"");
  EXPECT_EQ(Run("SCRIPT KILL"), "-NOTBUSY No scripts in execution right now.");
}

TEST_F(Scripting, TheMemoryLimitHolds) {
  ASSERT_EQ(Run("MYDIS SET script-memory 2mb"), "+OK");
  for (const char* script :
       {"return string.rep('a', 4e6)", "local t = {} for i = 1, 1e7 do t[i] = {} end",
        "local t = {} for i = 1, 40 do t = {t, t} end cjson.encode(t)"}) {
    const std::string reply = Eval(script);
    EXPECT_TRUE(reply.find("not enough memory") != std::string::npos) << reply;
  }
  EXPECT_EQ(Eval("return #string.rep('a', 1e6)"), ":1000000");
  // Keys and arguments count too.
  EXPECT_EQ(Eval("return 1", {}, {std::string(3 << 20, 'x')}), "-ERR not enough memory");
}

TEST_F(Scripting, ChanceAndTimeComeFromTheEntry) {
  const std::string script = "return {tostring(math.random()), redis.call('incr', 'n')}";
  random_ = Random(7);
  const std::string first = Eval(script);
  random_ = Random(7);
  Run("DEL n");
  EXPECT_EQ(Eval(script), first);
  random_ = Random(8);
  Run("DEL n");
  EXPECT_NE(Eval(script), first);
  EXPECT_EQ(Eval("math.randomseed(5) local a = math.random() math.randomseed(5) "
                 "return a == math.random()"),
            ":1");
  EXPECT_EQ(Eval("local c = os.clock() while os.clock() - c < 0.5 do end return 1"), ":1");
}

TEST_F(Scripting, Libraries) {
  EXPECT_EQ(Eval("return cjson.encode({1,2,{a='b/\"\\n'},1.5,true,cjson.null})"),
            TranscriptWord("[1,2,{\"a\":\"b\\/\\\"\\n\"},1.5,true,null]"));
  EXPECT_EQ(Eval("return cjson.decode('{\"a\":[1,2.5,\"\\\\u00e9x\",null,true]}').a[3]"),
            "\"\\xc3\\xa9x\"");
  EXPECT_EQ(Error("return cjson.decode('[1,')"),
            "-ERR user_script:1: Expected value but found T_END at character 4");
  EXPECT_EQ(Error("return cjson.encode({[1]=1,[100]=1})"),
            "-ERR user_script:1: Cannot serialise table: excessively sparse array");
  EXPECT_EQ(Eval("local t = cmsgpack.unpack(cmsgpack.pack({1,-1,300,-300,70000,1.5,'x',{a=1}})) "
                 "return {t[1],t[2],t[3],t[4],t[5],tostring(t[6]),t[7],t[8].a}"),
            "*8\n  :1\n  :-1\n  :300\n  :-300\n  :70000\n  \"1.5\"\n  \"x\"\n  :1");
  EXPECT_EQ(Error("return cmsgpack.unpack('\\221')"),
            "-ERR user_script:1: Missing bytes in input.");
  EXPECT_EQ(Eval("return {struct.unpack('>I2c0s', struct.pack('>I2c0s', 3, 'abc', 'xy'))}"),
            "*3\n  \"abc\"\n  \"xy\"\n  :9");
  EXPECT_EQ(Eval("return bit.tohex(bit.bxor(255, 0xf0f0))"), "\"0000f00f\"");
  EXPECT_EQ(Eval("return {string.gsub('hello world', '(%w+)', '<%1>')}"),
            "*2\n  \"<hello> <world>\"\n  :2");
  EXPECT_EQ(Eval("return {('k=v'):match('(%w+)=(%w+)')}"), "*2\n  \"k\"\n  \"v\"");
  EXPECT_EQ(Eval("local t = {3,1,2} table.sort(t, function(a,b) return a > b end) return t"),
            "*3\n  :3\n  :2\n  :1");
}

TEST_F(Scripting, FunctionsKeepNothingBetweenCalls) {
  Load(
      "#!lua name=counter\nlocal n = 0 local t = {}\n"
      "redis.register_function('count', function() n = n + 1 t[#t + 1] = n return #t end)");
  EXPECT_EQ(Run("FCALL count 0"), ":1");
  EXPECT_EQ(Run("FCALL count 0"), ":1");
  EXPECT_EQ(Run("FCALL nosuch 0"), "-ERR Function not found");
  EXPECT_EQ(Run("FCALL_RO count 0"),
            "-ERR Can not execute a script with write flag using *_ro command.");
  EXPECT_EQ(Run("FUNCTION DELETE counter"), "+OK");
  EXPECT_EQ(Run("FCALL count 0"), "-ERR Function not found");
}

TEST_F(Scripting, LibrariesThroughDumpAndState) {
  Load("#!lua name=one\nredis.register_function('f', function(keys, args) return args[1] end)");
  RecordingReply dump;
  const std::vector<std::string_view> words = {"FUNCTION", "DUMP"};
  std::string head;
  Encoder out(head);
  state_.scripts.Save(out);
  Scripts loaded;
  Decoder in(head);
  ASSERT_TRUE(loaded.Load(in));
  std::string again;
  Encoder out_again(again);
  loaded.Save(out_again);
  EXPECT_EQ(again, head);
  EXPECT_EQ(loaded.LibraryOf("f")->name, "one");
}

TEST_F(Scripting, TheCacheIsBounded) {
  Run("SCRIPT LOAD \"return 'kept'\"");
  for (int i = 0; i < 600; ++i) Eval("return " + std::to_string(i));
  EXPECT_EQ(state_.scripts.size(), 1 + Scripts::kMaxEvalScripts);
  EXPECT_EQ(Run("SCRIPT EXISTS " + Sha1Hex("return 0") + " " + Sha1Hex("return 599") + " " +
                Sha1Hex("return 'kept'")),
            "*3\n  :0\n  :1\n  :1");
  EXPECT_EQ(Run("SCRIPT FLUSH"), "+OK");
  EXPECT_EQ(state_.scripts.size(), 0u);
  EXPECT_EQ(Call("EVALSHA", Sha1Hex("return 599"), {}, {}),
            "-NOSCRIPT No matching script. Please use EVAL.");
}

}  // namespace
}  // namespace mydis
