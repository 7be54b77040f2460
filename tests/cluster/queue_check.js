// What the checks of job queues share. Each is run as: node CHECK.js MODULES PRODUCER WORKER LEADER,
// the last three ports of one cluster. It prints "halfway" when jobs are under way, which has the
// leader killed, and ends with "passed" on its last line.
'use strict';
const assert = require('assert');
const net = require('net');
const path = require('path');

const [modules, ...ports] = process.argv.slice(2);
const [producerPort, workerPort, leaderPort] = ports.map(Number);
const LIMIT_S = 120;
const pauses = [];  // How long clients waited for a job to be added, ms.

function at(port) {
  return {host: '127.0.0.1', port};
}

// Errors and lost connections that no promise carries. Nobody's connection is to the leader: there
// may be none.
function trouble(who, what) {
  console.error(`${who}:`, what);
  process.exit(1);
}

async function until(condition, what) {
  const end = Date.now() + LIMIT_S * 1000;
  while (!await condition()) {
    assert(Date.now() < end, `waited ${LIMIT_S} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function timed(promise) {
  const started = Date.now();
  const value = await promise;
  pauses.push(Date.now() - started);
  return value;
}

let killed = false;

// Calls add(n) some at a time, for n from 0 on, until `count` calls were made with the leader dead. So
// there are some under way when it dies, and some come before there is another.
async function pastTheKill(count, add) {
  const some = 10;
  for (let n = 0, left = count; left > 0; n += some) {
    if (killed) left -= some;
    await Promise.all([...Array(some).keys()].map((i) => add(n + i)));
  }
}

// Runs round(n, halfway) while the leader is killed, so one of its parts has to go on for so long,
// and once more after.
async function rounds(round) {
  const watch = net.connect(at(leaderPort));
  watch.on('close', () => { killed = true; });
  await new Promise((resolve, reject) => watch.on('connect', resolve).on('error', reject));
  let said = false;
  const halfway = () => {
    if (!said) console.log('halfway');
    said = true;
  };
  await round(0, halfway);
  assert(killed);
  await round(1, halfway);
}

function run(name, main) {
  setTimeout(() => trouble(name, `not finished after ${LIMIT_S} s`), LIMIT_S * 1000);
  main().then((words) => {
    console.log(`${name}: ${words}, longest pause ${Math.max(...pauses)} ms, passed`);
    process.exit(0);
  }).catch((error) => trouble(name, error));
}

module.exports = {
  at, pastTheKill, producerPort, rounds, run, timed, trouble, until, workerPort,
  library: (name) => require(path.join(modules, 'node_modules', name)),
};
