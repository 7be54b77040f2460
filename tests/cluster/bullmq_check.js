// What an application does with BullMQ: scripts, streams of events, blocking pops. See
// queue_check.js.
'use strict';
const assert = require('assert');
const {at, library, pastTheKill, producerPort, rounds, run, timed, trouble, until, workerPort} =
    require('./queue_check.js');
const {FlowProducer, Queue, QueueEvents, Worker} = library('bullmq');
const Redis = library('ioredis');

const NAMES = ['work', 'children', 'urgent', 'limited', 'repeated'];
const WINDOW_MS = 200;  // "limited" may start so many jobs in so long:
const WINDOW_JOBS = 5;
const producer = {connection: at(producerPort)};
const queues = {}, events = {}, workers = [];
const completions = {};  // Queue name to id to the number of events.
const expected = {work: 0, children: 0, urgent: 0, limited: 0, repeated: 0};
const started = {urgent: []};
const managed = watched('queue managed', new Queue('managed', producer));
const tally = watched('tally', new Redis(at(workerPort)));
const reader = watched('reader', new Redis(at(producerPort)));
let closing = false;

function watched(who, emitter) {
  emitter.setMaxListeners(0);  // BullMQ adds one for every job that is waited for.
  emitter.on('error', (error) => trouble(who, error));
  for (const event of ['ioredis:close', 'close'])
    emitter.on(event, () => { if (!closing) trouble(who, 'lost its connection'); });
  return emitter;
}

const kinds = {
  double: (job) => 2 * job.data.n,
  async picky(job) {
    await job.log(job.data.ok ? 'taken' : 'refused');
    if (!job.data.ok) throw new Error('on purpose');
    await job.updateProgress(50);
  },
  flaky(job) {
    if (job.attemptsMade < 2) throw new Error('on purpose');
    return job.attemptsMade;
  },
  parent: async (job) => Object.values(await job.getChildrenValues()).reduce((a, b) => a + b, 0),
};

async function process(job) {
  if (job.queueName in started) started[job.queueName].push(job.data.n);
  if (job.queueName !== 'managed')
    await tally.hincrby('processed', `${job.queueName}:${job.id}`, 1);
  return kinds[job.name](job);
}

function setUp() {
  const options = {connection: at(workerPort), concurrency: 4};
  workers.push(watched('worker managed', new Worker('managed', process, options)));
  for (const name of NAMES) {
    queues[name] = watched(`queue ${name}`, new Queue(name, producer));
    completions[name] = new Map();
    events[name] = watched(`events ${name}`, new QueueEvents(name, producer));
    events[name].on('completed', ({jobId}) => {
      completions[name].set(jobId, (completions[name].get(jobId) || 0) + 1);
    });
    events[name].on('failed', ({jobId}) => trouble(name, `job ${jobId} failed`));
    events[name].on('stalled', ({jobId}) => trouble(name, `job ${jobId} stalled`));
    const options = {connection: at(workerPort), concurrency: name === 'urgent' ? 1 : 8};
    if (name === 'limited') options.limiter = {max: WINDOW_JOBS, duration: WINDOW_MS};
    for (let i = 0; i < (name === 'work' ? 2 : 1); i++)
      workers.push(watched(`worker ${name}`, new Worker(name, process, options)));
  }
  return Promise.all(Object.values(events).map((each) => each.waitUntilReady()));
}

function results(jobs, name = 'work') {
  expected[name] += jobs.length;
  return Promise.all(jobs.map((job) => job.waitUntilFinished(events[name])));
}

function range(count) {
  return [...Array(count).keys()];
}

const parts = {
  async bulk(round, halfway) {
    const data = range(100);
    const jobs = await timed(queues.work.addBulk(data.map((n) => ({name: 'double', data: {n}}))));
    until(() => completions.work.size > 60, '60 jobs').then(halfway);
    assert.deepStrictEqual(await results(jobs), data.map((n) => 2 * n));
  },

  async oneByOne() {
    const jobs = [];
    await pastTheKill(50, async (n) => {
      jobs[n] = await timed(queues.work.add('double', {n}));
    });
    assert.deepStrictEqual(await results(jobs), range(jobs.length).map((n) => 2 * n));
  },

  async retries() {
    const options = {attempts: 3, backoff: {type: 'fixed', delay: 50}};
    const jobs = await Promise.all(range(20).map((n) => queues.work.add('flaky', {n}, options)));
    assert.deepStrictEqual(await results(jobs), Array(20).fill(2));
  },

  async delayed() {
    const jobs = await Promise.all(
        range(20).map((n) => queues.work.add('double', {n}, {delay: 100 + 10 * n})));
    assert.deepStrictEqual(await results(jobs), range(20).map((n) => 2 * n));
  },

  async flows() {
    const flows = watched('flows', new FlowProducer(producer));
    const child = (n) => ({name: 'double', queueName: 'children', data: {n}});
    const trees = await flows.addBulk(range(5).map(() => (
      {name: 'parent', queueName: 'work', data: {}, children: range(6).map(child)})));
    assert.deepStrictEqual(await results(trees.map((tree) => tree.job)), Array(5).fill(30));
    await results(trees.flatMap((tree) => tree.children.map((each) => each.job)), 'children');
    flows.removeAllListeners('ioredis:close');
    await flows.close();
  },

  // Added while nothing starts; then one at a time, the smallest number first.
  async priorities() {
    await queues.urgent.pause();
    started.urgent.length = 0;
    const order = [7, 3, 9, 1, 5, 8, 2, 6, 4];
    const jobs = [];
    for (const n of order) jobs.push(await queues.urgent.add('double', {n}, {priority: n}));
    await queues.urgent.resume();
    await results(jobs, 'urgent');
    assert.deepStrictEqual(started.urgent, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  },

  async rateLimit() {
    // The last round's last window would have room for jobs of this one.
    const limiter = queues.limited.toKey('limiter');
    await until(async () => await reader.call('STRONG', 'EXISTS', limiter) === 0, 'the window to end');
    const begin = Date.now();
    const count = 3 * WINDOW_JOBS + 1;
    await results(await queues.limited.addBulk(
        range(count).map((n) => ({name: 'double', data: {n}}))), 'limited');
    // No timing assertion of the server's speed: sooner is wrong however fast it is.
    assert(Date.now() - begin >= 3 * WINDOW_MS - 50, 'the rate limit did not hold');
  },

  manage,

  async scheduler(round) {
    const before = completions.repeated.size;
    const job = {name: 'double', data: {n: 1}};
    await queues.repeated.upsertJobScheduler(`every${round}`, {every: 50, limit: 5}, job);
    await until(() => completions.repeated.size >= before + 5, 'five repeated jobs');
    expected.repeated += 5;
  },
};

// What an operator does with a queue, beside what flows by itself.
async function manage() {
  const ok = {n: 1, ok: true};
  const bad = await managed.addBulk(range(5).map((n) => ({name: 'picky', data: {n}})));
  await until(async () => await managed.getFailedCount() === 5, 'five failed jobs');
  for (const job of bad) await job.updateData(ok);
  await managed.retryJobs();
  await until(async () => await managed.getCompletedCount() === 5, 'five jobs tried again');
  const [job] = await managed.getCompleted(0, 0);
  assert.strictEqual(job.progress, 50);
  assert.deepStrictEqual((await managed.getJobLogs(job.id)).logs, ['refused', 'taken']);

  const later = {delay: 3600000};
  const removed = await managed.add('picky', ok, later);
  await managed.add('picky', ok, later);
  await removed.remove();
  await managed.promoteJobs();
  const same = {deduplication: {id: 'same'}, ...later};
  const one = await managed.add('picky', ok, same);
  assert.strictEqual((await managed.add('picky', ok, same)).id, one.id);
  await one.changeDelay(1);
  await until(async () => await managed.getCompletedCount() === 7, 'seven jobs');
  assert.strictEqual((await managed.clean(0, 100, 'completed')).length, 7);
  await managed.add('picky', ok, later);
  await managed.drain(true);
  const left = Object.values(await managed.getJobCounts()).filter((count) => count !== 0);
  assert.deepStrictEqual(left, []);
}

async function checkCounts() {
  let total = 0;
  const processed = await reader.hgetall('processed');
  for (const name of NAMES) {
    await until(() => completions[name].size >= expected[name], `all events of ${name}`);
    const {completed, ...others} = await queues[name].getJobCounts();
    assert.deepStrictEqual([name, completed], [name, expected[name]]);
    assert.deepStrictEqual(Object.values(others).filter((count) => count !== 0), [], name);
    // The stream holds what was told, also what this process has not read yet.
    const told = (await reader.xrange(`bull:${name}:events`, '-', '+'))
                     .map(([, fields]) => fields).filter(([, event]) => event === 'completed');
    assert.strictEqual(told.length, expected[name], `events of ${name}`);
    for (const job of await queues[name].getCompleted(0, -1)) {
      const attempts = job.name === 'flaky' ? 3 : 1;
      const id = `${name}:${job.id}`;
      assert.strictEqual(completions[name].get(job.id), 1, id);
      assert.strictEqual(Number(processed[id]), attempts, `${id} was processed`);
      assert.deepStrictEqual([job.attemptsStarted, job.stalledCounter], [attempts, 0], id);
      delete processed[id];
    }
    total += expected[name];
  }
  assert.deepStrictEqual(processed, {});
  return total;
}

run('bullmq', async () => {
  await setUp();
  await rounds((...args) => Promise.all(Object.values(parts).map((part) => part(...args))));
  const total = await checkCounts();
  closing = true;
  await Promise.all(workers.map((worker) => worker.close()));
  for (const queue of [managed, ...Object.values(queues)]) await queue.obliterate();
  // The rate limit's key goes when its time is up.
  await until(async () => (await reader.keys('bull:*')).length === 0, 'all keys to go');
  return `${total} jobs`;
});
