/* Mydis for C, and for whatever can call C. docs/c-api.md is the guide.
 *
 * What holds for all of it:
 *  - A call that can fail gives a mydis_error, NULL if it went well. Who gets an error frees it.
 *  - What a call puts into `*out` belongs to the caller, who frees it with the function of its
 *    type. Nothing is put there if there is an error. Freeing NULL does nothing. Where `*out` is a
 *    mydis_reply, `out` may be NULL: the reply is not wanted. Elsewhere that is MYDIS_INVALID.
 *  - What is given to a call is used during the call, not afterwards. Texts end with a zero, but
 *    for those that come with a length, which may hold any bytes. A `const char*` that is given is
 *    valid as long as what it is of.
 *  - Clients, instances and sessions may be used by several threads at once; everything else by one
 *    thread at a time. Sessions and subscriptions may outlive their client or instance: their calls
 *    fail then.
 *  - Callbacks come on a thread of the library, which must not be kept waiting. What would wait
 *    there for an answer is MYDIS_INVALID, and does nothing.
 *  - Structs of options begin with their size, so that a later library knows what an earlier
 *    program knew of: `mydis_call_options options = MYDIS_CALL_OPTIONS_INIT;`
 */
#pragma once

/* lint: include-ok C's standard library */
#include <stddef.h>
/* lint: include-ok C's standard library */
#include <stdint.h>

#include "mydis/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of this header. A library of the same or a higher version has everything that is in it. */
#define MYDIS_C_VERSION 1

/* Of the library. */
MYDIS_API int mydis_c_version(void);
/* Of Mydis: "0.1.0". */
MYDIS_API const char* mydis_version(void);

/* ---- Errors ------------------------------------------------------------------------------- */

typedef struct mydis_error mydis_error;

typedef enum mydis_error_code {
  MYDIS_OK = 0,
  MYDIS_INVALID = 1,        /* The request itself is wrong. */
  MYDIS_NOT_FOUND = 2,      /* The thing named does not exist. */
  MYDIS_EXISTS = 3,         /* The thing to be created is there already. */
  MYDIS_IO = 4,             /* The operating system refused a read, write or connect. */
  MYDIS_CORRUPT = 5,        /* Bytes fail their checksum or grammar. */
  MYDIS_DISK_FULL = 6,      /* No room; nothing was written. */
  MYDIS_NOT_LEADER = 7,     /* Nothing happened. */
  MYDIS_NOT_COMMITTED = 8,  /* The write certainly did not happen. */
  MYDIS_UNKNOWN = 9,        /* The write may or may not happen. */
  MYDIS_NOT_ALL = 10,       /* The write is committed, but not yet applied by all instances. */
  MYDIS_STALE = 11,         /* The instance is behind, and refuses to answer. */
  MYDIS_UNAVAILABLE = 12,   /* Nobody can be reached now; nothing happened. */
  MYDIS_TIMEOUT = 13,       /* The time limit passed; nothing happened. */
  MYDIS_BUSY = 14,          /* Too much is under way. */
  MYDIS_NO_AUTH = 15,       /* Authentication is required, or failed. */
  MYDIS_NO_PERMISSION = 16, /* Not allowed. */
  MYDIS_INTERNAL = 17       /* A bug, or no memory. */
} mydis_error_code;

/* MYDIS_OK of NULL. Codes of later libraries may be none of the above. */
MYDIS_API int mydis_error_get_code(const mydis_error* error);
/* One line that says what to do; "" of NULL. */
MYDIS_API const char* mydis_error_get_message(const mydis_error* error);
MYDIS_API void mydis_error_free(mydis_error* error);

/* ---- Options of clients, instances and sessions ------------------------------------------- */

/* Names and values, as texts. Numbers are decimal, durations are "500ms", "10s" …, switches "yes"
 * and "no". What is not set is as the C++ header has it.
 *
 *  Clients:   address ("host:port", set again for each further one), token, user, password,
 *             connect-timeout, tls (yes, no), tls-ca, tls-cert, tls-key, tls-server-name (each of
 *             which turns TLS on; with tls "no" it is an error), idle-connections
 *  Instances: those of `mydis server`: data-dir, redis-port (-1, the default: none), http-port,
 *             raft-port, bind-address, advertise-address, join (set again for each), expect,
 *             bootstrap (yes, no), max-voters, name, instance-id, password, cluster-key-file,
 *             tls-cert, tls-key, tls-ca, raft-timeout, write-consistency, read-consistency,
 *             durability (commit, relaxed), io-threads, reading-threads
 *  Sessions:  database, read-consistency, write-consistency (eventual, strong), time-limit,
 *             min-revision, name, user
 */
typedef struct mydis_options mydis_options;

MYDIS_API mydis_error* mydis_options_new(mydis_options** out);
/* Whether there is such an option is said when they are used. */
MYDIS_API mydis_error* mydis_options_set(mydis_options* options, const char* name,
                                         const char* value);
MYDIS_API void mydis_options_free(mydis_options* options);

/* ---- Clients and instances ---------------------------------------------------------------- */

typedef struct mydis_client mydis_client;
typedef struct mydis_instance mydis_instance;
typedef struct mydis_session mydis_session;
typedef struct mydis_reply mydis_reply;

/* Connects to running instances. NULL: options of their own for nothing. */
MYDIS_API mydis_error* mydis_client_connect(const mydis_options* options, mydis_client** out);
MYDIS_API mydis_error* mydis_client_session(mydis_client* client, const mydis_options* options,
                                            mydis_session** out);
/* Ends what is under way. */
MYDIS_API void mydis_client_free(mydis_client* client);

/* Starts a full instance in this process. */
MYDIS_API mydis_error* mydis_instance_start(const mydis_options* options, mydis_instance** out);
/* Waits until it answers; MYDIS_TIMEOUT says what it waits for. */
MYDIS_API mydis_error* mydis_instance_wait_until_ready(mydis_instance* instance, int64_t limit_ms);
MYDIS_API mydis_error* mydis_instance_session(mydis_instance* instance,
                                              const mydis_options* options, mydis_session** out);
/* A map: instance_id, ready, why, leads, leader, revision, members, voters, http_port,
 * redis_port, raft_port. Later libraries may have more in it. */
MYDIS_API mydis_error* mydis_instance_status(const mydis_instance* instance, mydis_reply** out);
/* Calls back once if it has to stop, or is told to (`why` is NULL then). `why` is the library's. */
MYDIS_API mydis_error* mydis_instance_on_stopped(
    mydis_instance* instance, void (*on_stopped)(void* data, const mydis_error* why), void* data);
/* Graceful; what follows it is mydis_instance_free. */
MYDIS_API mydis_error* mydis_instance_stop(mydis_instance* instance);
/* Stops it. */
MYDIS_API void mydis_instance_free(mydis_instance* instance);

/* Takes the lines that instances of this process would log; NULL: nobody does. One call at a time,
 * by any thread. */
MYDIS_API mydis_error* mydis_set_log_handler(void (*on_line)(void* data, const char* level,
                                                             const char* line),
                                             void* data);

/* The highest revision that an answer of this session has seen. */
MYDIS_API uint64_t mydis_session_revision(const mydis_session* session);
/* Calls see at least this revision from now on. */
MYDIS_API mydis_error* mydis_session_see_at_least(mydis_session* session, uint64_t revision);
/* What is under way goes on. */
MYDIS_API void mydis_session_free(mydis_session* session);

/* ---- Replies ------------------------------------------------------------------------------ */

/* A tree of values. Parts of it are freed with it. Asking a value for what it is not gives 0 or
 * NULL. */
typedef enum mydis_type {
  MYDIS_TYPE_NULL = 0,
  MYDIS_TYPE_INTEGER = 1,
  MYDIS_TYPE_DOUBLE = 2,
  MYDIS_TYPE_BOOL = 3,
  MYDIS_TYPE_STRING = 4, /* Of any bytes. */
  MYDIS_TYPE_ERROR = 5,  /* One command of several failed: "WRONGTYPE Operation …". */
  MYDIS_TYPE_ARRAY = 6,
  MYDIS_TYPE_SET = 7,
  MYDIS_TYPE_MAP = 8, /* Its elements are key, value, key, value … */
  MYDIS_TYPE_PUSH = 9
} mydis_type;

/* NULL is MYDIS_TYPE_NULL. */
MYDIS_API int mydis_reply_type(const mydis_reply* reply);
/* Of an integer, or a bool: 0 or 1. */
MYDIS_API int64_t mydis_reply_integer(const mydis_reply* reply);
/* Of a double or an integer. */
MYDIS_API double mydis_reply_double(const mydis_reply* reply);
/* Of a string or an error. A zero follows its bytes. `length` may be NULL. */
MYDIS_API const char* mydis_reply_string(const mydis_reply* reply, size_t* length);
/* Of an error: what the same error of a single command would be, MYDIS_INVALID … */
MYDIS_API int mydis_reply_error_code(const mydis_reply* reply);
/* How many elements an array, set or map has (of a map twice its pairs). */
MYDIS_API size_t mydis_reply_size(const mydis_reply* reply);
MYDIS_API const mydis_reply* mydis_reply_element(const mydis_reply* reply, size_t index);
/* What a map has under a name. */
MYDIS_API const mydis_reply* mydis_reply_find(const mydis_reply* map, const char* name);
/* Of what a call gave, not of its elements. */
MYDIS_API void mydis_reply_free(mydis_reply* reply);

/* ---- Commands ----------------------------------------------------------------------------- */

typedef enum mydis_consistency {
  MYDIS_CONSISTENCY_DEFAULT = 0, /* The session's. */
  MYDIS_EVENTUAL = 1,
  MYDIS_STRONG = 2
} mydis_consistency;

/* What the program knows a command to be, which saves the library a look. It is carried out as what
 * it is, whatever is said of it. */
typedef enum mydis_kind {
  MYDIS_ANY = 0,     /* Not said. */
  MYDIS_READ = 1,    /* Changes nothing: an instance of this process answers it in this thread. */
  MYDIS_WRITE = 2,   /* Is carried out once, whatever fails on the way. */
  MYDIS_BLOCKING = 3 /* May wait for a key: it has a connection of its own meanwhile. */
} mydis_kind;

typedef struct mydis_call_options {
  size_t size;
  int kind;
  int consistency;
  int64_t time_limit_ms;    /* 0: the session's; INT64_MAX: for ever; below 0: MYDIS_INVALID. */
  uint64_t min_revision;    /* The call sees a state of at least this revision. */
  const char* request_id;   /* A write with one is carried out once, whoever sends it again. */
  size_t request_id_length; /* 0: the id ends with a zero. */
} mydis_call_options;
#define MYDIS_CALL_OPTIONS_INIT \
  { sizeof(mydis_call_options), 0, 0, 0, 0, NULL, 0 }

/* The words of a command: `count` of them; `lengths` may be NULL if all end with a zero. Options
 * may be NULL. */
MYDIS_API mydis_error* mydis_command(mydis_session* session, size_t count, const char* const* words,
                                     const size_t* lengths, const mydis_call_options* options,
                                     mydis_reply** out);

/* Exactly one of `reply` and `error` is there, and belongs to the callback. */
typedef void (*mydis_reply_callback)(void* data, mydis_reply* reply, mydis_error* error);

/* Calls back once, unless it gives an error itself. The calls of one thread take effect in their
 * order. */
MYDIS_API mydis_error* mydis_command_async(mydis_session* session, size_t count,
                                           const char* const* words, const size_t* lengths,
                                           const mydis_call_options* options,
                                           mydis_reply_callback callback, void* data);

/* ---- Several commands at once ------------------------------------------------------------- */

/* Commands that travel together. */
typedef struct mydis_pipeline mydis_pipeline;

MYDIS_API mydis_error* mydis_pipeline_new(mydis_session* session, mydis_pipeline** out);
/* Of the options, kind and consistency count. */
MYDIS_API mydis_error* mydis_pipeline_add(mydis_pipeline* pipeline, size_t count,
                                          const char* const* words, const size_t* lengths,
                                          const mydis_call_options* options);
/* An array of what each gave, MYDIS_TYPE_ERROR for what failed. The pipeline is empty then. With a
 * request id, each command has that with "/0", "/1" ... behind it, in their order. */
MYDIS_API mydis_error* mydis_pipeline_run(mydis_pipeline* pipeline,
                                          const mydis_call_options* options, mydis_reply** out);
MYDIS_API void mydis_pipeline_free(mydis_pipeline* pipeline);

/* Commands that take effect together, with nothing of anybody else's between them, or not at all.
 */
typedef struct mydis_transaction mydis_transaction;

MYDIS_API mydis_error* mydis_transaction_new(mydis_session* session, mydis_transaction** out);
/* It takes place only if the key was last changed at this revision; 0: if there is no such key. */
MYDIS_API mydis_error* mydis_transaction_if(mydis_transaction* transaction, const char* key,
                                            size_t key_length, uint64_t revision);
MYDIS_API mydis_error* mydis_transaction_add(mydis_transaction* transaction, size_t count,
                                             const char* const* words, const size_t* lengths);
/* `*out` is an array as of a pipeline, or NULL if a condition did not hold. The transaction is
 * empty then. With conditions `out` should be there: nothing else says whether they held. */
MYDIS_API mydis_error* mydis_transaction_run(mydis_transaction* transaction,
                                             const mydis_call_options* options, mydis_reply** out);
MYDIS_API void mydis_transaction_free(mydis_transaction* transaction);

/* The revisions at which keys were last changed, 0 for what is not there: `revisions` has room for
 * `count`. */
MYDIS_API mydis_error* mydis_revisions(mydis_session* session, size_t count,
                                       const char* const* keys, const size_t* lengths,
                                       const mydis_call_options* options, uint64_t* revisions);

/* ---- Subscriptions and watches ------------------------------------------------------------ */

typedef struct mydis_subscription mydis_subscription;

/* What callbacks are given is the library's, and valid during the callback. Later libraries may
 * have more at the ends of these. */
typedef struct mydis_message {
  const char* channel;
  size_t channel_length;
  const char* pattern; /* That it came by; NULL: the channel itself was subscribed to. */
  size_t pattern_length;
  const char* payload;
  size_t payload_length;
  uint64_t revision; /* Of a watch, else 0. */
} mydis_message;

typedef enum mydis_change_kind {
  MYDIS_PUT = 0,
  MYDIS_DELETE = 1,
  MYDIS_EXPIRE = 2,
  MYDIS_EVICT = 3,
  MYDIS_FLUSH = 4, /* All keys are gone; there is no `key`. */
  MYDIS_SWAP = 5   /* All keys are others now; there is no `key`. */
} mydis_change_kind;

typedef struct mydis_key_change {
  int kind;
  const char* key;
  size_t key_length;
  const char* type;  /* "string", "hash" …; "" of what is gone. */
  const char* value; /* With `values`, of a string that is not too large; else NULL. */
  size_t value_length;
  uint64_t revision;
  int last; /* Nothing else of this revision comes: it is what to go on from. */
} mydis_key_change;

/* Callbacks come one at a time, in order; each may be NULL. */
typedef struct mydis_subscribe_handlers {
  size_t size;
  void (*on_message)(void* data, const mydis_message* message);
  /* The connection was lost and is there again: messages may have been missed. */
  void (*on_gap)(void* data);
} mydis_subscribe_handlers;
#define MYDIS_SUBSCRIBE_HANDLERS_INIT \
  { sizeof(mydis_subscribe_handlers), NULL, NULL }

/* Messages of channels and patterns; what is said while there is no connection is missed. */
MYDIS_API mydis_error* mydis_subscribe(mydis_session* session, size_t channel_count,
                                       const char* const* channels, size_t pattern_count,
                                       const char* const* patterns,
                                       const mydis_subscribe_handlers* handlers, void* data,
                                       mydis_subscription** out);

typedef enum mydis_watch_of {
  MYDIS_WATCH_KEYS = 0,    /* That begin with the name; all, if it is empty. */
  MYDIS_WATCH_CHANNEL = 1, /* Of this name. */
  MYDIS_WATCH_PATTERN = 2  /* Channels that match it. */
} mydis_watch_of;

typedef struct mydis_watch_options {
  size_t size;
  int of;
  const char* name;
  size_t name_length;     /* 0: the name ends with a zero. */
  uint64_t from_revision; /* Tells what comes after it; 0: after now. */
  int values;             /* Of keys: with the values of strings. */
} mydis_watch_options;
#define MYDIS_WATCH_OPTIONS_INIT \
  { sizeof(mydis_watch_options), 0, NULL, 0, 0, 0 }

typedef struct mydis_watch_handlers {
  size_t size;
  void (*on_change)(void* data, const mydis_key_change* change);
  void (*on_message)(void* data, const mydis_message* message);
  /* Nothing else up to this revision. */
  void (*on_revision)(void* data, uint64_t revision);
  /* The watch has ended: what came after its revision is not kept any more, or it is not allowed.
   * `why` is the library's. */
  void (*on_end)(void* data, const mydis_error* why, uint64_t current_revision);
} mydis_watch_handlers;
#define MYDIS_WATCH_HANDLERS_INIT \
  { sizeof(mydis_watch_handlers), NULL, NULL, NULL, NULL }

/* Watches go on at another instance where they were: nothing is missed or told twice. */
MYDIS_API mydis_error* mydis_watch(mydis_session* session, const mydis_watch_options* options,
                                   const mydis_watch_handlers* handlers, void* data,
                                   mydis_subscription** out);
/* Ends it. No callback runs when this returns, unless it is called from within one. */
MYDIS_API void mydis_subscription_free(mydis_subscription* subscription);

#ifdef __cplusplus
}
#endif
