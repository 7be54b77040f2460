// What an application does with ioredis, against one port: node ioredis_check.js MODULES PORT
'use strict';
const assert = require('assert');
const path = require('path');

const [modules, port] = process.argv.slice(2);
const Redis = require(path.join(modules, 'node_modules', 'ioredis'));

async function main() {
  const client = new Redis({port: Number(port), host: '127.0.0.1'});
  assert.strictEqual(await client.set('k', 'v', 'EX', 100), 'OK');
  assert.strictEqual(await client.get('k'), 'v');
  assert.deepStrictEqual(await client.mget('k', 'none'), ['v', null]);

  assert.deepStrictEqual(
      await client.pipeline().incr('n').incr('n').get('n').exec(), [[null, 1], [null, 2], [null, '2']]);
  assert.deepStrictEqual(await client.multi().incr('n').hset('h', {a: 1, b: 2}).exec(),
                         [[null, 3], [null, 2]]);
  assert.deepStrictEqual(await client.hgetall('h'), {a: '1', b: '2'});

  client.defineCommand('addTo', {numberOfKeys: 1, lua: 'return redis.call("incrby", KEYS[1], ARGV[1])'});
  assert.strictEqual(await client.addTo('n', 10), 13);
  assert.strictEqual(await client.addTo('n', 10), 23);

  const subscriber = client.duplicate();
  const message = new Promise((resolve) => subscriber.on('message', (...got) => resolve(got)));
  assert.strictEqual(await subscriber.subscribe('news'), 1);
  assert.strictEqual(await client.publish('news', 'hello'), 1);
  assert.deepStrictEqual(await message, ['news', 'hello']);

  const blocked = client.duplicate();
  const popped = blocked.blpop('list', 10);
  await client.rpush('list', 'a');
  assert.deepStrictEqual(await popped, ['list', 'a']);

  await client.zadd('z', 1.5, 'a', 2, 'b');
  assert.deepStrictEqual(await client.zrange('z', 0, -1, 'WITHSCORES'), ['a', '1.5', 'b', '2']);
  const id = await client.xadd('s', '*', 'f', 'v');
  assert.deepStrictEqual(await client.xrange('s', '-', '+'), [[id, ['f', 'v']]]);

  const found = [];
  for await (const keys of client.scanStream({count: 2})) found.push(...keys);
  assert.deepStrictEqual(found.sort(), (await client.keys('*')).sort());

  await assert.rejects(client.incr('h'), /WRONGTYPE/);
  for (const each of [client, subscriber, blocked]) each.disconnect();
  console.log('ioredis: all checks passed');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
