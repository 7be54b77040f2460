// npm's @upstash/redis against one instance, as Upstash's own servers are used: node upstash_check.js FOLDER PORT TOKEN
const assert = require("assert");

const [folder, port, token] = process.argv.slice(2);
const { Redis } = require(require.resolve("@upstash/redis", { paths: [folder] }));
const url = `http://127.0.0.1:${port}`;
const options = { url, token, enableTelemetry: false, retry: false };
const redis = new Redis({ ...options, enableAutoPipelining: false });

async function fails(promise, pattern) {
  await assert.rejects(promise, (error) => {
    assert.match(error.message, pattern);
    return true;
  });
}

async function strings() {
  assert.strictEqual(await redis.set("k", "v", { ex: 100 }), "OK");
  assert.strictEqual(await redis.get("k"), "v");
  assert.strictEqual(await redis.set("k", "w", { nx: true }), null);
  assert.strictEqual(await redis.get("missing"), null);
  assert.strictEqual(await redis.set("ok", "OK"), "OK");
  assert.strictEqual(await redis.get("ok"), "OK");
  assert.ok((await redis.ttl("k")) > 90);
  assert.deepStrictEqual(await redis.set("json", { a: [1, true, null], b: "ü€😀" }), "OK");
  assert.deepStrictEqual(await redis.get("json"), { a: [1, true, null], b: "ü€😀" });
  assert.strictEqual(await redis.set("flag", true), "OK");
  assert.strictEqual(await redis.get("flag"), true);
  assert.strictEqual(await redis.incr("n"), 1);
  assert.strictEqual(await redis.incrby("n", 41), 42);
  assert.strictEqual(await redis.incrbyfloat("f", 1.5), 1.5);
  assert.deepStrictEqual(await redis.mget("n", "missing", "k"), [42, null, "v"]);
  assert.strictEqual(await redis.del("n", "f", "missing"), 2);
}

async function binary() {
  const plain = new Redis({ ...options, responseEncoding: false, automaticDeserialization: false });
  assert.strictEqual(await plain.set("text", "a\u0000b\r\n\"\\"), "OK");
  assert.strictEqual(await plain.get("text"), "a\u0000b\r\n\"\\");
  // Bytes that are no text: the body is the last word, and the reply comes as base64.
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const headers = { Authorization: `Bearer ${token}` };
  const put = await fetch(`${url}/set/bytes?EX=100`, { method: "POST", headers, body: bytes });
  assert.deepStrictEqual(await put.json(), { result: "OK" });
  const got = await fetch(`${url}/get/bytes?_token=${token}`, { headers: { "Upstash-Encoding": "base64" } });
  assert.ok(bytes.equals(Buffer.from((await got.json()).result, "base64")));
  const raw = await fetch(`${url}/get/bytes`, { headers: { ...headers, "Upstash-Response-Format": "resp2" } });
  assert.ok(Buffer.concat([Buffer.from("$256\r\n"), bytes, Buffer.from("\r\n")])
    .equals(Buffer.from(await raw.arrayBuffer())));
  const path = await fetch(`${url}/set/a%2Fb%20c/x%2Fy/EX/100`, { headers });
  assert.deepStrictEqual(await path.json(), { result: "OK" });
  assert.strictEqual(await redis.get("a/b c"), "x/y");
}

async function collections() {
  assert.strictEqual(await redis.hset("hash", { name: "Ada", born: 1815, tags: ["a", "b"] }), 3);
  assert.deepStrictEqual(await redis.hgetall("hash"), { name: "Ada", born: 1815, tags: ["a", "b"] });
  assert.deepStrictEqual(await redis.hmget("hash", "name", "none"), { name: "Ada", none: null });
  assert.strictEqual(await redis.hgetall("none"), null);
  assert.strictEqual(await redis.zadd("z", { score: 1.5, member: "a" }, { score: 2, member: "b" }), 2);
  assert.deepStrictEqual(await redis.zrange("z", 0, -1, { withScores: true }), ["a", 1.5, "b", 2]);
  assert.strictEqual(await redis.zscore("z", "a"), 1.5);
  assert.deepStrictEqual(await redis.zpopmin("z"), ["a", 1.5]);
  assert.strictEqual(await redis.rpush("list", "a", { b: 1 }, 3), 3);
  assert.deepStrictEqual(await redis.lrange("list", 0, -1), ["a", { b: 1 }, 3]);
  assert.strictEqual(await redis.sadd("set", "a", "b"), 2);
  assert.deepStrictEqual((await redis.smembers("set")).sort(), ["a", "b"]);
  const id = await redis.xadd("stream", "*", { field: "value" });
  assert.deepStrictEqual(await redis.xrange("stream", "-", "+"), { [id]: { field: "value" } });
  assert.strictEqual(await redis.geoadd("geo", { longitude: 13.361389, latitude: 38.115556, member: "Palermo" }), 1);
}

async function scans() {
  const names = Array.from({ length: 50 }, (_, i) => `scan:${i}`);
  await redis.mset(Object.fromEntries(names.map((name) => [name, 1])));
  const found = [];
  let cursor = "0";
  do {
    let keys;
    [cursor, keys] = await redis.scan(cursor, { match: "scan:*", count: 7 });
    found.push(...keys);
  } while (cursor !== "0");
  assert.deepStrictEqual(found.sort(), names.sort());
}

async function scripts() {
  assert.deepStrictEqual(await redis.eval("return {KEYS[1], ARGV[1], 7}", ["k"], ["a"]), ["k", "a", 7]);
  const sha = await redis.scriptLoad("return redis.call('incrby', KEYS[1], ARGV[1])");
  assert.strictEqual(await redis.evalsha(sha, ["counter"], [5]), 5);
  const script = redis.createScript("return tonumber(ARGV[1]) + 1");
  assert.strictEqual(await script.exec([], ["41"]), 42);
}

async function pipelines() {
  const results = await redis.pipeline().set("p", 1).incr("p").hset("ph", { f: "v" }).hgetall("ph").exec();
  assert.deepStrictEqual(results, ["OK", 2, 1, { f: "v" }]);
  await fails(redis.pipeline().set("p", "x").incr("p").exec(), /Command 2 \[ incr \] failed: ERR value is not/);
  const kept = await redis.pipeline().incr("p").get("p").exec({ keepErrors: true });
  assert.match(kept[0].error, /^ERR value is not an integer/);
  assert.strictEqual(kept[1].result, "x");
  const transaction = await redis.multi().set("m", 1).incr("m").get("m").exec();
  assert.deepStrictEqual(transaction, ["OK", 2, 2]);
  await fails(redis.multi().set("m", 5).json.set("m", "$", 1).exec(), /ERR unknown command/);
  assert.strictEqual(await redis.get("m"), 2);
}

async function automatic() {
  const auto = new Redis({ ...options, enableAutoPipelining: true });
  const results = await Promise.all([auto.set("aa", 1), auto.incr("aa"), auto.hset("ah", { f: 2 })]);
  assert.deepStrictEqual(results, ["OK", 2, 1]);
  assert.strictEqual(auto.pipelineCounter, 1);
  assert.deepStrictEqual(await Promise.all([auto.get("aa"), auto.hget("ah", "f"), auto.get("none")]), [2, 2, null]);
  assert.strictEqual(auto.pipelineCounter, 2);
}

async function errors() {
  await fails(redis.incr("hash"), /WRONGTYPE Operation against a key/);
  await fails(redis.exec(["NOSUCH"]), /ERR unknown command/);
  await fails(redis.exec(["SUBSCRIBE", "a"]), /ERR SUBSCRIBE makes no sense over HTTP/);
  await fails(new Redis({ ...options, token: "app:wrong" }).get("k"), /WRONGPASS/);
  assert.strictEqual((await fetch(`${url}/get/k?_token=app:wrong`)).status, 401);
  assert.strictEqual((await fetch(`${url}/incr/hash?_token=${token}`)).status, 400);
  assert.strictEqual((await fetch(`${url}/nosuch/k?_token=${token}`)).status, 404);
}

async function channels() {
  const got = [];
  const subscriber = redis.subscribe("news");
  const patterns = redis.psubscribe("n*");
  const ready = (who, what) => new Promise((resolve) => who.on(what, resolve));
  const both = [ready(subscriber, "subscribe"), ready(patterns, "pmessage")];
  await both[0];
  subscriber.on("message", (event) => got.push(event));
  const message = { text: "hällo, welt", n: [1, 2] };
  // The pattern's listener is told once it listens.
  let heard = false;
  both[1].then((event) => { heard = event; });
  while (!heard) {
    await redis.publish("news", message);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepStrictEqual(heard, { pattern: "n*", channel: "news", message });
  assert.deepStrictEqual(got[0], { channel: "news", message });
  await subscriber.unsubscribe();
  await patterns.unsubscribe();
}

async function main() {
  await redis.flushall();
  for (const part of [strings, binary, collections, scans, scripts, pipelines, automatic, errors, channels]) await part();
  console.log("upstash passed");
  // Connections that are kept open would keep the process.
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
