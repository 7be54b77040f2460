// What an application does with ioredis, against one port: node ioredis_check.js MODULES PORT PART…
'use strict';
const assert = require('assert');
const path = require('path');

const [modules, port, ...parts] = process.argv.slice(2);
const Redis = require(path.join(modules, 'node_modules', 'ioredis'));
const client = new Redis({port: Number(port), host: '127.0.0.1'});
const connections = [client];

function another() {
  connections.push(client.duplicate());
  return connections.at(-1);
}

const checks = {
  async strings() {
    assert.strictEqual(await client.set('k', 'v', 'EX', 100), 'OK');
    assert.strictEqual(await client.get('k'), 'v');
    assert.deepStrictEqual(await client.getBuffer('k'), Buffer.from('v'));
    assert.deepStrictEqual(await client.mget('k', 'none'), ['v', null]);
    assert.deepStrictEqual(await client.pipeline().incr('n').incr('n').get('n').exec(),
                           [[null, 1], [null, 2], [null, '2']]);
    assert.deepStrictEqual(await client.multi().incr('n').append('a', 'b').exec(), [[null, 3], [null, 1]]);
    // Without waiting in between: order is kept.
    const replies = await Promise.all([...Array(100).keys()].map(() => client.incr('many')));
    assert.deepStrictEqual(replies, [...Array(100).keys()].map((i) => i + 1));
    const found = [];
    for await (const keys of client.scanStream({count: 2})) found.push(...keys);
    assert.deepStrictEqual([...new Set(found)].sort(), (await client.keys('*')).sort());
    await assert.rejects(client.incr('a'), /not an integer/);
  },

  async scripts() {
    client.defineCommand('addTo',
                         {numberOfKeys: 1, lua: 'return redis.call("incrby", KEYS[1], ARGV[1])'});
    assert.strictEqual(await client.addTo('scripted', 10), 10);
    assert.strictEqual(await client.addTo('scripted', 10), 20);
  },

  async channels() {
    const subscriber = another();
    const message = new Promise((resolve) => subscriber.on('message', (...got) => resolve(got)));
    assert.strictEqual(await subscriber.subscribe('news'), 1);
    assert.strictEqual(await client.publish('news', 'hello'), 1);
    assert.deepStrictEqual(await message, ['news', 'hello']);
  },

  async collections() {
    const popped = another().blpop('list', 10);
    await client.rpush('list', 'a');
    assert.deepStrictEqual(await popped, ['list', 'a']);
    await client.hset('h', {a: 1, b: 2});
    assert.deepStrictEqual(await client.hgetall('h'), {a: '1', b: '2'});
    await client.zadd('z', 1.5, 'a', 2, 'b');
    assert.deepStrictEqual(await client.zrange('z', 0, -1, 'WITHSCORES'), ['a', '1.5', 'b', '2']);
    const id = await client.xadd('s', '*', 'f', 'v');
    assert.deepStrictEqual(await client.xrange('s', '-', '+'), [[id, ['f', 'v']]]);
    await assert.rejects(client.incr('h'), /WRONGTYPE/);
  },
};

async function main() {
  for (const part of parts) await checks[part]();
  for (const each of connections) each.disconnect();
  console.log(`ioredis: ${parts.join(' ')} passed`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
