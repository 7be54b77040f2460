// Mydis from Node: a client of running instances, or an instance in this process.
//
//   const client = await mydis.Client.connect({ address: '127.0.0.1:2381' });
//   const session = await client.session();
//   await session.set('k', 'v');
//   await session.get('k');                  // <Buffer 76>
//   await session.command('ZADD', 'z', 1, 'a');
//
// Strings are Buffers in answers, and strings (as UTF-8), Buffers or numbers in commands. Errors are
// MydisErrors. It is a binding of mydis/c.h by koffi. MYDIS_LIBRARY names the shared library.
'use strict';

const koffi = require('koffi');
const { promisify } = require('node:util');

// ---- The library --------------------------------------------------------------------------------

const C_VERSION = 1;
const lib = loadLibrary(process.env.MYDIS_LIBRARY || 'libmydis.so.0');

function loadLibrary(name) {
  try {
    return koffi.load(name);
  } catch (error) {
    throw new Error(`${name} cannot be loaded: install Mydis's library, or name its file in MYDIS_LIBRARY (${error.message})`);
  }
}

const CallOptions = koffi.struct('mydis_call_options', {
  size: 'size_t', kind: 'int', consistency: 'int', time_limit_ms: 'int64_t', min_revision: 'uint64_t',
  request_id: 'const uint8_t *', request_id_length: 'size_t',
});
const Message = koffi.struct('mydis_message', {
  channel: 'void *', channel_length: 'size_t', pattern: 'void *', pattern_length: 'size_t',
  payload: 'void *', payload_length: 'size_t', revision: 'uint64_t',
});
const KeyChange = koffi.struct('mydis_key_change', {
  kind: 'int', key: 'void *', key_length: 'size_t', type: 'const char *', value: 'void *',
  value_length: 'size_t', revision: 'uint64_t', last: 'int',
});
// What callbacks are given as `data` is a number here.
koffi.proto('void mydis_on_reply(intptr_t data, void *reply, void *error)');
koffi.proto('void mydis_on_message(intptr_t data, const mydis_message *message)');
koffi.proto('void mydis_on_gap(intptr_t data)');
koffi.proto('void mydis_on_change(intptr_t data, const mydis_key_change *change)');
koffi.proto('void mydis_on_revision(intptr_t data, uint64_t revision)');
koffi.proto('void mydis_on_end(intptr_t data, const void *why, uint64_t revision)');
const SubscribeHandlers = koffi.struct('mydis_subscribe_handlers', {
  size: 'size_t', on_message: 'mydis_on_message *', on_gap: 'mydis_on_gap *',
});
const WatchOptions = koffi.struct('mydis_watch_options', {
  size: 'size_t', of: 'int', name: 'const uint8_t *', name_length: 'size_t', from_revision: 'uint64_t',
  values: 'int',
});
const WatchHandlers = koffi.struct('mydis_watch_handlers', {
  size: 'size_t', on_change: 'mydis_on_change *', on_message: 'mydis_on_message *',
  on_revision: 'mydis_on_revision *', on_end: 'mydis_on_end *',
});

const WORDS = 'size_t count, const uint8_t **words, const size_t *lengths';
const OPTIONS = 'const mydis_call_options *options';
const c = Object.fromEntries([
  'int mydis_c_version()',
  'const char *mydis_version()',
  'int mydis_error_get_code(const void *error)',
  'const char *mydis_error_get_message(const void *error)',
  'void mydis_error_free(void *error)',
  'void *mydis_options_new(_Out_ void **out)',
  'void *mydis_options_set(void *options, const char *name, const char *value)',
  'void mydis_options_free(void *options)',
  'void *mydis_client_connect(void *options, _Out_ void **out)',
  'void *mydis_client_session(void *client, void *options, _Out_ void **out)',
  'void mydis_client_free(void *client)',
  'void *mydis_instance_start(void *options, _Out_ void **out)',
  'void *mydis_instance_wait_until_ready(void *instance, int64_t limit_ms)',
  'void *mydis_instance_session(void *instance, void *options, _Out_ void **out)',
  'void *mydis_instance_status(void *instance, _Out_ void **out)',
  'void mydis_instance_free(void *instance)',
  'uint64_t mydis_session_revision(void *session)',
  'void *mydis_session_see_at_least(void *session, uint64_t revision)',
  'void mydis_session_free(void *session)',
  'int mydis_reply_type(const void *reply)',
  'int64_t mydis_reply_integer(const void *reply)',
  'double mydis_reply_double(const void *reply)',
  'void *mydis_reply_string(const void *reply, _Out_ size_t *length)',
  'int mydis_reply_error_code(const void *reply)',
  'size_t mydis_reply_size(const void *reply)',
  'void *mydis_reply_element(const void *reply, size_t index)',
  'void mydis_reply_free(void *reply)',
  `void *mydis_command_async(void *session, ${WORDS}, ${OPTIONS}, mydis_on_reply *callback, intptr_t data)`,
  'void *mydis_pipeline_new(void *session, _Out_ void **out)',
  `void *mydis_pipeline_add(void *pipeline, ${WORDS}, ${OPTIONS})`,
  `void *mydis_pipeline_run(void *pipeline, ${OPTIONS}, _Out_ void **out)`,
  'void mydis_pipeline_free(void *pipeline)',
  'void *mydis_transaction_new(void *session, _Out_ void **out)',
  'void *mydis_transaction_if(void *transaction, const uint8_t *key, size_t length, uint64_t revision)',
  `void *mydis_transaction_add(void *transaction, ${WORDS})`,
  `void *mydis_transaction_run(void *transaction, ${OPTIONS}, _Out_ void **out)`,
  'void mydis_transaction_free(void *transaction)',
  `void *mydis_revisions(void *session, ${WORDS}, ${OPTIONS}, uint64_t *revisions)`,
  'void *mydis_subscribe(void *session, size_t channel_count, const char **channels, size_t pattern_count, ' +
    'const char **patterns, const mydis_subscribe_handlers *handlers, intptr_t data, _Out_ void **out)',
  'void *mydis_watch(void *session, const mydis_watch_options *options, const mydis_watch_handlers *handlers, ' +
    'intptr_t data, _Out_ void **out)',
  'void mydis_subscription_free(void *subscription)',
].map((prototype) => [/mydis_(\w+)\(/.exec(prototype)[1], lib.func(prototype)]));

if (c.c_version() < C_VERSION) throw new Error('libmydis is older than this binding');

// The same function on a thread of Node's pool. Whatever waits for the library's threads must be
// called so: these wait for this thread while they call back.
const onPool = Object.fromEntries(Object.entries(c).map(([name, f]) => [name, promisify(f.async)]));

// ---- Values -------------------------------------------------------------------------------------

const Type = { NULL: 0, INTEGER: 1, DOUBLE: 2, BOOL: 3, STRING: 4, ERROR: 5, ARRAY: 6, SET: 7, MAP: 8 };
const Kind = { ANY: 0, READ: 1, WRITE: 2, BLOCKING: 3 };
const Consistency = { EVENTUAL: 1, STRONG: 2 };
const Change = { PUT: 0, DELETE: 1, EXPIRE: 2, EVICT: 3, FLUSH: 4, SWAP: 5 };
const Code = Object.fromEntries(
  ['OK', 'INVALID', 'NOT_FOUND', 'EXISTS', 'IO', 'CORRUPT', 'DISK_FULL', 'NOT_LEADER', 'NOT_COMMITTED', 'UNKNOWN',
    'NOT_ALL', 'STALE', 'UNAVAILABLE', 'TIMEOUT', 'BUSY', 'NO_AUTH', 'NO_PERMISSION', 'INTERNAL',
  ].map((name, code) => [name, code]));

class MydisError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'MydisError';
    this.code = code; // One of Code.
  }
}

const errorOf = (error) => new MydisError(c.error_get_code(error), c.error_get_message(error));

function takeError(error) {
  const taken = errorOf(error);
  c.error_free(error);
  return taken;
}

function check(error) {
  if (error !== null) throw takeError(error);
}

function bytesAt(pointer, length) {
  if (pointer === null) return null;
  return length === 0 ? Buffer.alloc(0) : Buffer.from(koffi.decode(pointer, koffi.array('uint8_t', length, 'Typed')));
}

// A map is an array of pairs: its keys are Buffers.
function valueOf(reply) {
  switch (c.reply_type(reply)) {
    case Type.NULL: return null;
    case Type.INTEGER: return Number(c.reply_integer(reply));
    case Type.DOUBLE: return c.reply_double(reply);
    case Type.BOOL: return Number(c.reply_integer(reply)) !== 0;
    case Type.STRING: case Type.ERROR: {
      const length = [0];
      const text = bytesAt(c.reply_string(reply, length), Number(length[0]));
      if (c.reply_type(reply) === Type.STRING) return text;
      return new MydisError(c.reply_error_code(reply), text.toString());
    }
    default: {
      const size = Number(c.reply_size(reply));
      const elements = Array.from({ length: size }, (_, i) => valueOf(c.reply_element(reply, i)));
      if (c.reply_type(reply) !== Type.MAP) return elements;
      return Array.from({ length: size / 2 }, (_, i) => [elements[2 * i], elements[2 * i + 1]]);
    }
  }
}

function takeValue(reply) {
  const value = valueOf(reply);
  c.reply_free(reply);
  return value;
}

// What a function that gives a handle has put there.
function make(f, ...args) {
  const out = [null];
  check(f(...args, out));
  return out[0];
}

async function makeOnPool(name, ...args) {
  const out = [null];
  check(await onPool[name](...args, out));
  return out[0];
}

const toBytes = (word) => (Buffer.isBuffer(word) ? word : Buffer.from(String(word)));

// count, words, lengths.
function toWords(words) {
  const bytes = words.map(toBytes);
  return [bytes.length, bytes, bytes.map((word) => word.length)];
}

function toCallOptions({ kind = 0, consistency = 0, timeLimit = 0, minRevision = 0, requestId = null } = {}) {
  const id = requestId === null ? null : toBytes(requestId);
  return {
    size: koffi.sizeof(CallOptions), kind, consistency, time_limit_ms: timeLimit, min_revision: minRevision,
    request_id: id, request_id_length: id === null ? 0 : id.length,
  };
}

// Calls `use` with mydis_options: { tlsCa: 'f' } is tls-ca, an array is set again for each.
async function withOptions(options, use) {
  const handle = make(c.options_new);
  try {
    for (const [name, values] of Object.entries(options)) {
      const option = name.replace(/[A-Z]/g, (letter) => '-' + letter.toLowerCase());
      for (const value of [values].flat()) {
        check(c.options_set(handle, option, typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)));
      }
    }
    return await use(handle);
  } finally {
    c.options_free(handle);
  }
}

// Node ends when nothing is under way that it knows of; what the library does is told by this.
let underWay = 0;
let alive = null;
function begin() {
  if (underWay++ === 0) alive = setInterval(() => {}, 1 << 30);
}
function end() {
  if (--underWay === 0) clearInterval(alive);
}

// ---- Clients and instances ----------------------------------------------------------------------

class Client {
  #handle;

  constructor(handle) { this.#handle = handle; }

  // Options are those of mydis/c.h: { address: ['host:port', …], token: '…', tls: true … }
  static async connect(options = {}) {
    return new Client(await withOptions(options, (given) => makeOnPool('client_connect', given)));
  }

  session(options = {}) { return Session.of(c.client_session, this.#handle, options); }

  async close() {
    await onPool.client_free(this.#handle);
    this.#handle = null;
  }
}

class Instance {
  #handle;

  constructor(handle) { this.#handle = handle; }

  // Options are those of mydis/c.h: { dataDir: '…', redisPort: 0, join: […] … }
  static async start(options) {
    return new Instance(await withOptions(options, (given) => makeOnPool('instance_start', given)));
  }

  async waitUntilReady(limit = 30000) { check(await onPool.instance_wait_until_ready(this.#handle, limit)); }

  session(options = {}) { return Session.of(c.instance_session, this.#handle, options); }

  status() {
    const fields = takeValue(make(c.instance_status, this.#handle));
    return Object.fromEntries(fields.map(([name, value]) => [name.toString(), value]));
  }

  async close() {
    await onPool.instance_free(this.#handle);
    this.#handle = null;
  }
}

// ---- Sessions -----------------------------------------------------------------------------------

const waiting = new Map(); // What commands under way settle, by number.
let lastNumber = 0;

const onReply = koffi.register((number, reply, error) => {
  const { resolve, reject } = waiting.get(Number(number));
  waiting.delete(Number(number));
  end();
  if (error !== null) reject(takeError(error));
  else resolve(takeValue(reply));
}, 'mydis_on_reply *');

// Calls take effect in their order.
class Session {
  #handle;

  constructor(handle) { this.#handle = handle; }

  static async of(makeSession, owner, options) {
    return new Session(await withOptions(options, (given) => make(makeSession, owner, given)));
  }

  // Any command; the last argument may be options: kind (Kind), consistency (Consistency), timeLimit in
  // milliseconds, minRevision, requestId.
  command(...words) {
    const last = words.at(-1);
    const options = typeof last === 'object' && !Buffer.isBuffer(last) ? words.pop() : {};
    const number = ++lastNumber;
    return new Promise((resolve, reject) => {
      waiting.set(number, { resolve, reject });
      begin();
      const error = c.command_async(this.#handle, ...toWords(words), toCallOptions(options), onReply, number);
      if (error === null) return;
      waiting.delete(number);
      end();
      reject(takeError(error));
    });
  }

  get(key) { return this.command('GET', key, { kind: Kind.READ }); }
  set(key, value) { return this.command('SET', key, value, { kind: Kind.WRITE }); }
  del(...keys) { return this.command('DEL', ...keys, { kind: Kind.WRITE }); }
  incr(key, by = 1) { return this.command('INCRBY', key, by, { kind: Kind.WRITE }); }
  publish(channel, message) { return this.command('PUBLISH', channel, message, { kind: Kind.WRITE }); }

  // Commands, each an array, that travel together: what each gave, a MydisError for what failed.
  async pipeline(commands, options = {}) {
    const pipeline = make(c.pipeline_new, this.#handle);
    try {
      for (const words of commands) check(c.pipeline_add(pipeline, ...toWords(words), null));
      return takeValue(await makeOnPool('pipeline_run', pipeline, toCallOptions(options)));
    } finally {
      c.pipeline_free(pipeline);
    }
  }

  // Commands that take effect together or not at all: null if a key of `conditions`, pairs of a key and a
  // revision, was last changed at another one.
  async transaction(commands, conditions = [], options = {}) {
    const transaction = make(c.transaction_new, this.#handle);
    try {
      for (const [key, revision] of conditions) {
        const name = toBytes(key);
        check(c.transaction_if(transaction, name, name.length, revision));
      }
      for (const words of commands) check(c.transaction_add(transaction, ...toWords(words)));
      const reply = await makeOnPool('transaction_run', transaction, toCallOptions(options));
      return reply === null ? null : takeValue(reply);
    } finally {
      c.transaction_free(transaction);
    }
  }

  // When keys were last changed; 0: they are not there.
  async revisions(...keys) {
    const revisions = new BigUint64Array(keys.length);
    check(await onPool.revisions(this.#handle, ...toWords(keys), null, revisions));
    return Array.from(revisions, Number);
  }

  // onMessage(channel, payload, pattern or null); onGap(): messages may have been missed.
  subscribe({ channels = [], patterns = [], onMessage, onGap = () => {} }) {
    return Subscription.listen(
      {
        mydis_on_message: (_, given) => {
          const message = koffi.decode(given, Message);
          onMessage(
            bytesAt(message.channel, Number(message.channel_length)),
            bytesAt(message.payload, Number(message.payload_length)),
            bytesAt(message.pattern, Number(message.pattern_length)));
        },
        mydis_on_gap: () => onGap(),
      },
      ([on_message, on_gap]) => makeOnPool(
        'subscribe', this.#handle, channels.length, channels, patterns.length, patterns,
        { size: koffi.sizeof(SubscribeHandlers), on_message, on_gap }, 0));
  }

  // onChange({ kind, key, type, value, revision, last }) for keys that begin with `prefix`;
  // onEnd(error, revision): the watch cannot go on, read the keys and watch from there.
  watch({ prefix = '', fromRevision = 0, values = false, onChange, onEnd = () => {} }) {
    const name = toBytes(prefix);
    return Subscription.listen(
      {
        mydis_on_change: (_, given) => {
          const change = koffi.decode(given, KeyChange);
          onChange({
            kind: change.kind,
            key: bytesAt(change.key, Number(change.key_length)),
            type: change.type,
            value: bytesAt(change.value, Number(change.value_length)),
            revision: Number(change.revision),
            last: change.last !== 0,
          });
        },
        mydis_on_end: (_, why, revision) => onEnd(errorOf(why), Number(revision)),
      },
      ([on_change, on_end]) => makeOnPool(
        'watch', this.#handle,
        { size: koffi.sizeof(WatchOptions), of: 0, name, name_length: name.length, from_revision: fromRevision,
          values: values ? 1 : 0 },
        { size: koffi.sizeof(WatchHandlers), on_change, on_message: null, on_revision: null, on_end }, 0));
  }

  // The highest that an answer of this session has seen.
  get revision() { return Number(c.session_revision(this.#handle)); }

  seeAtLeast(revision) { check(c.session_see_at_least(this.#handle, revision)); }

  // Not while its calls are under way.
  close() {
    c.session_free(this.#handle);
    this.#handle = null;
  }
}

// Node does not end before it is closed.
class Subscription {
  #handle;
  #callbacks;

  constructor(handle, callbacks) {
    this.#handle = handle;
    this.#callbacks = callbacks;
  }

  // `handlers`: functions by the names of their C types; `start` gets them as C has them.
  static async listen(handlers, start) {
    const callbacks = Object.entries(handlers).map(([type, f]) => koffi.register(f, `${type} *`));
    begin();
    try {
      return new Subscription(await start(callbacks), callbacks);
    } catch (error) {
      end();
      callbacks.forEach(koffi.unregister);
      throw error;
    }
  }

  // No handler runs any more when this is done.
  async close() {
    await onPool.subscription_free(this.#handle);
    this.#callbacks.forEach(koffi.unregister);
    end();
  }
}

module.exports = { Client, Instance, Session, Subscription, MydisError, Kind, Consistency, Change, Code,
  version: () => c.version() };
