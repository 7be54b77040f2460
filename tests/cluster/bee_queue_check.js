// What an application does with bee-queue: scripts, BRPOPLPUSH, channels; its client is node-redis 3.
// See queue_check.js.
'use strict';
const assert = require('assert');
const {at, library, pastTheKill, producerPort, rounds, run, timed, trouble, until, workerPort} =
    require('./queue_check.js');
const BeeQueue = library('bee-queue');

// Jobs under way are asked for more often than this; one that is not is given to another worker.
const STALL_MS = 60000;
const processed = new Map();  // Job ids to the number of starts,
const succeeded = new Map();  // to the results that events told,
const wanted = new Map();     // to the result to come.
let closing = false;

function queue(who, port, options) {
  // Without a second try: a connection that is lost is an error.
  const made = new BeeQueue('work', {redis: {...at(port), retry_strategy: () => undefined},
                                     stallInterval: STALL_MS, ...options});
  made.on('error', (error) => { if (!closing) trouble(who, error); });
  made.on('stalled', (id) => trouble(who, `job ${id} stalled`));
  made.on('job failed', (id, error) => trouble(who, `job ${id} failed: ${error}`));
  return made;
}

const producer = queue('producer', producerPort, {isWorker: false});
producer.on('job succeeded', (id, result) => {
  succeeded.set(id, [...(succeeded.get(id) || []), result]);
});
const workers = [1, 2].map(
    (i) => queue(`worker ${i}`, workerPort, {activateDelayedJobs: true, delayedDebounce: 20}));
for (const worker of workers) worker.process(4, async (job) => {
  const attempts = (processed.get(job.id) || 0) + 1;
  processed.set(job.id, attempts);
  if (job.data.flaky && attempts < 3) throw new Error('on purpose');
  job.reportProgress(50);
  return 2 * job.data.n;
});

// Saves a job as prepare(job) leaves it.
async function add(n, prepare, data) {
  const job = await timed(prepare(producer.createJob({n, ...data})).save());
  wanted.set(job.id, 2 * n);
}

async function jobs(count, prepare, data = {}) {
  for (let n = 0; n < count; n++) await add(n, prepare, data);
  await until(() => succeeded.size >= wanted.size, 'all events so far');
}

const parts = [
  (halfway) => {
    until(() => succeeded.size > 50, '50 jobs').then(halfway);
    return pastTheKill(100, (n) => add(n, (job) => job));
  },
  () => jobs(20, (job) => job.retries(2), {flaky: true}),
  () => jobs(20, (job) => job.retries(2).backoff('fixed', 50), {flaky: true}),
  () => jobs(20, (job) => job.delayUntil(Date.now() + 200)),
];

run('bee-queue', async () => {
  await Promise.all([producer, ...workers].map((each) => each.ready()));
  await rounds((n, halfway) => Promise.all(parts.map((part) => part(halfway))));
  const expected = wanted.size;
  await until(() => succeeded.size >= expected, 'all events');
  const health = await producer.checkHealth();
  delete health.newestJob;
  assert.deepStrictEqual(
      health, {waiting: 0, active: 0, succeeded: expected, failed: 0, delayed: 0});
  for (const job of await producer.getJobs('succeeded', {size: expected})) {
    assert.deepStrictEqual(succeeded.get(job.id), [wanted.get(job.id)], `events of job ${job.id}`);
    assert.strictEqual(processed.get(job.id), job.data.flaky ? 3 : 1, `job ${job.id}`);
  }
  assert.strictEqual(processed.size, expected);
  closing = true;
  await Promise.all(workers.map((worker) => worker.close()));
  await producer.destroy();
  return `${expected} jobs`;
});
