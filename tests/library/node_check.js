// Each part of examples/node/mydis.js: node node_check.js HOST:PORT FOLDER
'use strict';

const assert = require('node:assert');
const mydis = require('./mydis.js');

const fails = (code, promise) => assert.rejects(promise, (error) => {
  assert(error instanceof mydis.MydisError, error);
  assert.strictEqual(error.code, code, error.message);
  return true;
});

async function values(session) {
  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  await session.set(everyByte, everyByte);
  assert.deepStrictEqual(await session.get(everyByte), everyByte);
  await session.set('empty', '');
  assert.deepStrictEqual(await session.get('empty'), Buffer.alloc(0));
  assert.strictEqual(await session.get('no'), null);
  assert.strictEqual(await session.command('ZINCRBY', 'z', 2.5, 'm'), 2.5);
  assert.deepStrictEqual(await session.command('EVAL', "return {1, 'x', {2}, false}", 0), [1, Buffer.from('x'), [2], null]);
  assert.strictEqual(await session.del(everyByte, 'z', 'no'), 2);
  await session.set('k', 1);
  await fails(mydis.Code.INVALID, session.command('LLEN', 'k'));
  assert.deepStrictEqual(
    await session.pipeline([['SET', 'k', everyByte], ['STRLEN', 'k']]), [Buffer.from('OK'), 256]);
}

async function options(session) {
  const before = session.revision;
  await session.command('SET', 'k', 'v', { consistency: mydis.Consistency.STRONG, timeLimit: 5000 });
  assert(session.revision > before);
  const read = { kind: mydis.Kind.READ, minRevision: session.revision };
  assert.strictEqual((await session.command('GET', 'k', read)).toString(), 'v');
  const once = () => session.command('INCR', 'once', { requestId: 'a request' });
  assert.strictEqual(await once(), await once());
  session.seeAtLeast(session.revision);
}

async function listening(session) {
  const heard = [];
  let tell;
  const all = new Promise((resolve) => { tell = resolve; });
  const subscription = await session.subscribe({
    channels: ['c'],
    patterns: ['p*'],
    onMessage: (...message) => {
      heard.push(message.map((part) => part && part.toString()));
      if (heard.length === 2) tell();
    },
  });
  await session.publish('c', 'one');
  await session.publish('pq', 'two');
  await all;
  await subscription.close();
  assert.deepStrictEqual(heard, [['c', 'one', null], ['pq', 'two', 'p*']]);
}

async function watching(session) {
  let tell;
  const next = () => new Promise((resolve) => { tell = resolve; });
  let change = next();
  const watch = await session.watch({ prefix: 'w:', values: true, onChange: (told) => tell(told) });
  await session.set('w:1', 'a');
  const put = await change;
  assert.strictEqual(put.kind, mydis.Change.PUT);
  assert.strictEqual(put.key.toString(), 'w:1');
  assert.strictEqual(put.value.toString(), 'a');
  assert.strictEqual(put.type, 'string');
  assert.strictEqual(put.revision, session.revision);
  change = next();
  await session.del('w:1');
  assert.strictEqual((await change).kind, mydis.Change.DELETE);
  await watch.close();
}

async function conditions(session) {
  await session.set('a', 1);
  await session.del('new');
  const [revision, missing] = await session.revisions('a', 'new');
  assert(revision > 0);
  assert.strictEqual(missing, 0);
  assert.deepStrictEqual(await session.transaction([['INCR', 'a']], [['a', revision], ['new', 0]]), [2]);
  assert.strictEqual(await session.transaction([['INCR', 'a']], [['a', revision]]), null);
}

async function every(owner) {
  const session = await owner.session({ name: 'node' });
  await values(session);
  await options(session);
  await listening(session);
  await watching(session);
  await conditions(session);
  const blocked = session.command('BLPOP', 'jobs', 30, { kind: mydis.Kind.BLOCKING });
  await session.command('RPUSH', 'jobs', 'job');
  assert.strictEqual((await blocked)[1].toString(), 'job');
  const survivor = await owner.session({ database: 2 });
  await owner.close();
  await fails(mydis.Code.UNAVAILABLE, survivor.get('k'));
  survivor.close();
  session.close();
}

async function main() {
  const [address, folder] = process.argv.slice(2);
  await fails(mydis.Code.INVALID, mydis.Client.connect({ colour: 'red' }));
  await fails(mydis.Code.UNAVAILABLE, mydis.Client.connect({ address: '127.0.0.1:1' }));
  await every(await mydis.Client.connect({ address, connectTimeout: '5s' }));
  const instance = await mydis.Instance.start({ dataDir: folder, redisPort: 0, durability: 'relaxed' });
  await instance.waitUntilReady();
  const status = instance.status();
  assert(status.ready && status.leads && status.redis_port > 0);
  await every(instance);
  console.log('Mydis', mydis.version());
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
