#!/usr/bin/env node
// A tour of Mydis from Node: an instance in this process, or the one at the address given.
//
//   node tour.js [HOST:PORT]
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const mydis = require('./mydis.js');

const text = (value) => (Buffer.isBuffer(value) ? value.toString() : value);

async function countersAndStructures(session) {
  await session.set('greeting', 'hello');
  console.log('greeting:', text(await session.get('greeting')));
  await session.del('visits', 'user:1');
  console.log('visits:', await session.incr('visits'), await session.incr('visits', 10));
  await session.command('HSET', 'user:1', 'name', 'Ada', 'born', 1815);
  const user = await session.command('HGETALL', 'user:1', { kind: mydis.Kind.READ });
  console.log('user:', Object.fromEntries(user.map((pair) => pair.map(text))));
}

async function together(session) {
  const answers = await session.pipeline([['SET', 'a', 1], ['LLEN', 'a'], ['INCR', 'a']]);
  console.log('pipeline:', ...answers.map((answer) => (answer instanceof Error ? answer.message : text(answer))));
}

async function moveMoney(session) {
  await session.command('MSET', 'alice', 100, 'bob', 0);
  const [revision] = await session.revisions('alice');
  const amount = Math.min(30, Number(await session.get('alice')));
  const move = [['DECRBY', 'alice', amount], ['INCRBY', 'bob', amount]];
  console.log('balances:', await session.transaction(move, [['alice', revision]]));
  console.log('again:', await session.transaction(move, [['alice', revision]]));
}

async function changes(session) {
  let tell;
  const told = new Promise((resolve) => { tell = resolve; });
  const watch = await session.watch({ prefix: 'order:', values: true, onChange: tell });
  await session.set('order:7', 'paid');
  const change = await told;
  console.log('changed:', text(change.key), text(change.value));
  await watch.close();
}

async function atOnce(session) {
  await session.del('n');
  console.log('at once:', await Promise.all(Array.from({ length: 5 }, () => session.incr('n'))));
}

async function tour(session) {
  await countersAndStructures(session);
  await together(session);
  await moveMoney(session);
  await changes(session);
  await atOnce(session);
  session.close();
}

async function main() {
  if (process.argv.length > 2) {
    const client = await mydis.Client.connect({ address: process.argv[2] });
    await tour(await client.session());
    await client.close();
    return;
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mydis-tour-'));
  const instance = await mydis.Instance.start({ dataDir: folder });
  await instance.waitUntilReady();
  await tour(await instance.session());
  await instance.close();
  fs.rmSync(folder, { recursive: true });
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
