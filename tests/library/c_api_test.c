/* mydis/c.h as a C99 program uses it: against MYDIS_TEST_ADDRESS, and with an instance of its own
 * in the folder MYDIS_TEST_DIR, whichever of them there is. */
#define _POSIX_C_SOURCE 200809L

#include <mydis/c.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: %s is false\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                 \
    }                                                                          \
  } while (0)

/* It goes well. */
#define OK(call) CheckOk((call), #call, __LINE__)
/* It fails with this code. */
#define FAILS(code, call) CheckFails((code), (call), #call, __LINE__)

static void CheckOk(mydis_error* error, const char* call, int line) {
  if (error == NULL) return;
  fprintf(stderr, "line %d: %s: %s\n", line, call, mydis_error_get_message(error));
  exit(1);
}

static void CheckFails(int code, mydis_error* error, const char* call, int line) {
  if (mydis_error_get_code(error) != code || mydis_error_get_message(error)[0] == '\0') {
    fprintf(stderr, "line %d: %s: code %d, \"%s\"\n", line, call, mydis_error_get_code(error),
            mydis_error_get_message(error));
    exit(1);
  }
  mydis_error_free(error);
}

/* ---- What callbacks tell the thread that waits for them ---- */

typedef struct Told {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int count;
  char text[256]; /* All of it, a space behind each. */
  uint64_t revision;
  int code;
} Told;

static void Tell(Told* told, const char* text, size_t length, uint64_t revision, int code) {
  pthread_mutex_lock(&told->mutex);
  strncat(told->text, text, length);
  strcat(told->text, " ");
  told->revision = revision;
  told->code = code;
  ++told->count;
  pthread_cond_broadcast(&told->changed);
  pthread_mutex_unlock(&told->mutex);
}

static void InitTold(Told* told) {
  memset(told, 0, sizeof *told);
  pthread_mutex_init(&told->mutex, NULL);
  pthread_cond_init(&told->changed, NULL);
}

static void WaitForCount(Told* told, int count) {
  struct timespec limit;
  clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += 30;
  pthread_mutex_lock(&told->mutex);
  while (told->count < count) {
    if (pthread_cond_timedwait(&told->changed, &told->mutex, &limit) != 0) {
      fprintf(stderr, "told %d of %d times: %s\n", told->count, count, told->text);
      exit(1);
    }
  }
  pthread_mutex_unlock(&told->mutex);
}

/* ---- Commands of words that end with a zero ---- */

#define COMMAND(session, options, out, ...)                                            \
  mydis_command((session), sizeof((const char*[]){__VA_ARGS__}) / sizeof(const char*), \
                (const char*[]){__VA_ARGS__}, NULL, (options), (out))

static void Run(mydis_session* session, const char* name, const char* key, const char* value) {
  mydis_reply* reply = NULL;
  const char* words[3];
  words[0] = name;
  words[1] = key;
  words[2] = value;
  OK(mydis_command(session, value == NULL ? 2 : 3, words, NULL, NULL, &reply));
  mydis_reply_free(reply);
}

static int IsText(const mydis_reply* reply, const char* text) {
  size_t length = 0;
  const char* bytes = mydis_reply_string(reply, &length);
  return mydis_reply_type(reply) == MYDIS_TYPE_STRING && length == strlen(text) &&
         memcmp(bytes, text, length) == 0;
}

/* ---- The tests ---- */

static void TestNothing(void) {
  mydis_error_free(NULL);
  mydis_options_free(NULL);
  mydis_client_free(NULL);
  mydis_instance_free(NULL);
  mydis_session_free(NULL);
  mydis_reply_free(NULL);
  mydis_pipeline_free(NULL);
  mydis_transaction_free(NULL);
  mydis_subscription_free(NULL);
  CHECK(mydis_error_get_code(NULL) == MYDIS_OK);
  CHECK(strcmp(mydis_error_get_message(NULL), "") == 0);
  CHECK(mydis_reply_type(NULL) == MYDIS_TYPE_NULL);
  CHECK(mydis_reply_integer(NULL) == 0);
  CHECK(mydis_reply_string(NULL, NULL) == NULL);
  CHECK(mydis_reply_element(NULL, 0) == NULL);
  CHECK(mydis_reply_find(NULL, "name") == NULL);
  CHECK(mydis_session_revision(NULL) == 0);
  mydis_reply* reply = NULL;
  FAILS(MYDIS_INVALID, mydis_command(NULL, 0, NULL, NULL, NULL, &reply));
  FAILS(MYDIS_INVALID, mydis_options_set(NULL, "name", "value"));
  CHECK(reply == NULL);
  CHECK(mydis_c_version() >= MYDIS_C_VERSION);
  CHECK(strchr(mydis_version(), '.') != NULL);
}

static void TestOptions(void) {
  mydis_options* options = NULL;
  mydis_client* client = NULL;
  OK(mydis_options_new(&options));
  OK(mydis_options_set(options, "colour", "red"));
  FAILS(MYDIS_INVALID, mydis_client_connect(options, &client));
  mydis_options_free(options);
  OK(mydis_options_new(&options));
  OK(mydis_options_set(options, "connect-timeout", "soon"));
  FAILS(MYDIS_INVALID, mydis_client_connect(options, &client));
  mydis_options_free(options);
  OK(mydis_options_new(&options));
  FAILS(MYDIS_INVALID, mydis_client_connect(options, NULL));
  OK(mydis_options_set(options, "address", "127.0.0.1:1"));
  FAILS(MYDIS_UNAVAILABLE, mydis_client_connect(options, &client));
  mydis_options_free(options);
  CHECK(client == NULL);
}

/* Who names a file of TLS's is not connected without. */
static void TestTls(const char* address) {
  mydis_options* options = NULL;
  mydis_client* client = NULL;
  OK(mydis_options_new(&options));
  OK(mydis_options_set(options, "address", address));
  OK(mydis_options_set(options, "tls-ca", "/nonexist"));
  FAILS(MYDIS_INVALID, mydis_client_connect(options, &client));
  OK(mydis_options_set(options, "tls", "no"));
  mydis_error* error = mydis_client_connect(options, &client);
  CHECK(mydis_error_get_code(error) == MYDIS_INVALID);
  CHECK(strcmp(mydis_error_get_message(error),
               "option tls-ca: it turns TLS on, and option tls is \"no\": leave one out") == 0);
  mydis_error_free(error);
  CHECK(client == NULL);
  mydis_options_free(options);
}

static void TestCommands(mydis_session* session) {
  const char* words[] = {"SET", "a\0b", "\0\xff"};
  const size_t lengths[] = {3, 3, 2};
  const char* get[] = {"GET", "a\0b"};
  mydis_reply* reply = NULL;
  size_t length = 0;
  OK(mydis_command(session, 3, words, lengths, NULL, &reply));
  mydis_reply_free(reply);
  mydis_call_options read = MYDIS_CALL_OPTIONS_INIT;
  read.kind = MYDIS_READ;
  OK(mydis_command(session, 2, get, lengths, &read, &reply));
  CHECK(memcmp(mydis_reply_string(reply, &length), "\0\xff\0", 3) == 0);
  CHECK(length == 2);
  mydis_reply_free(reply);

  OK(COMMAND(session, NULL, &reply, "EVAL", "return {1, 'two', {3}, false}", "0"));
  CHECK(mydis_reply_type(reply) == MYDIS_TYPE_ARRAY);
  CHECK(mydis_reply_size(reply) == 4);
  CHECK(mydis_reply_integer(mydis_reply_element(reply, 0)) == 1);
  CHECK(IsText(mydis_reply_element(reply, 1), "two"));
  CHECK(mydis_reply_integer(mydis_reply_element(mydis_reply_element(reply, 2), 0)) == 3);
  CHECK(mydis_reply_type(mydis_reply_element(reply, 3)) == MYDIS_TYPE_NULL);
  CHECK(mydis_reply_element(reply, 4) == NULL);
  CHECK(mydis_reply_string(reply, NULL) == NULL);
  mydis_reply_free(reply);

  Run(session, "DEL", "h", NULL);
  OK(COMMAND(session, NULL, &reply, "HSET", "h", "f", "v"));
  mydis_reply_free(reply);
  OK(COMMAND(session, &read, &reply, "HGETALL", "h"));
  CHECK(mydis_reply_type(reply) == MYDIS_TYPE_MAP);
  CHECK(IsText(mydis_reply_find(reply, "f"), "v"));
  CHECK(mydis_reply_find(reply, "no") == NULL);
  mydis_reply_free(reply);

  Run(session, "DEL", "z", NULL);
  OK(COMMAND(session, NULL, &reply, "ZINCRBY", "z", "2.5", "m"));
  CHECK(mydis_reply_type(reply) == MYDIS_TYPE_DOUBLE && mydis_reply_double(reply) == 2.5);
  mydis_reply_free(reply);

  reply = NULL;
  FAILS(MYDIS_INVALID, COMMAND(session, NULL, &reply, "LPUSH", "z", "x"));
  CHECK(reply == NULL);

  /* Replies that nobody wants. */
  OK(COMMAND(session, NULL, NULL, "SET", "unseen", "1"));
  OK(COMMAND(session, NULL, &reply, "GET", "unseen"));
  CHECK(IsText(reply, "1"));
  mydis_reply_free(reply);
}

static void TestCallOptions(mydis_session* session) {
  mydis_reply* reply = NULL;
  mydis_call_options options = MYDIS_CALL_OPTIONS_INIT;
  options.consistency = MYDIS_STRONG;
  options.time_limit_ms = 10000;
  options.min_revision = mydis_session_revision(session);
  CHECK(options.min_revision > 0);
  Run(session, "SET", "k", "v");
  CHECK(mydis_session_revision(session) > options.min_revision);
  OK(COMMAND(session, &options, &reply, "GET", "k"));
  CHECK(IsText(reply, "v"));
  mydis_reply_free(reply);

  options.time_limit_ms = -3;
  FAILS(MYDIS_INVALID, COMMAND(session, &options, &reply, "GET", "k"));
  options.time_limit_ms = 0;

  /* An id without a length ends with a zero: the second time is the first. */
  char id[32];
  snprintf(id, sizeof id, "id-%llu", (unsigned long long)mydis_session_revision(session));
  Run(session, "SET", "counted", "0");
  options.request_id = id;
  for (int i = 0; i < 2; ++i) {
    OK(COMMAND(session, &options, &reply, "INCR", "counted"));
    CHECK(mydis_reply_integer(reply) == 1);
    mydis_reply_free(reply);
  }
  options.request_id = NULL;

  options.kind = 77;
  FAILS(MYDIS_INVALID, COMMAND(session, &options, &reply, "GET", "k"));
  options.kind = MYDIS_ANY;
  options.consistency = 77;
  FAILS(MYDIS_INVALID, COMMAND(session, &options, &reply, "GET", "k"));

  /* A program that knows only of the first field. */
  mydis_call_options older;
  memset(&older, 0xff, sizeof older);
  older.size = sizeof older.size;
  OK(COMMAND(session, &older, &reply, "GET", "k"));
  mydis_reply_free(reply);
}

static void OnReply(void* data, mydis_reply* reply, mydis_error* error) {
  size_t length = 0;
  const char* text = mydis_reply_string(reply, &length);
  CHECK((reply == NULL) != (error == NULL));
  Tell(data, text == NULL ? "-" : text, text == NULL ? 1 : length, 0, mydis_error_get_code(error));
  mydis_reply_free(reply);
  mydis_error_free(error);
}

static void TestAsync(mydis_session* session) {
  const char* set[] = {"SET", "k", "async"};
  const char* get[] = {"GET", "k"};
  const char* wrong[] = {"LLEN", "k"};
  Told told;
  InitTold(&told);
  OK(mydis_command_async(session, 3, set, NULL, NULL, OnReply, &told));
  OK(mydis_command_async(session, 2, get, NULL, NULL, OnReply, &told));
  WaitForCount(&told, 2);
  CHECK(strcmp(told.text, "OK async ") == 0);
  OK(mydis_command_async(session, 2, wrong, NULL, NULL, OnReply, &told));
  WaitForCount(&told, 3);
  CHECK(told.code == MYDIS_INVALID);
  FAILS(MYDIS_INVALID, mydis_command_async(session, 2, get, NULL, NULL, NULL, NULL));
}

static void TestPipeline(mydis_session* session) {
  const char* set[] = {"SET", "k", "7"};
  const char* wrong[] = {"LLEN", "k"};
  const char* incr[] = {"INCR", "k"};
  mydis_pipeline* pipeline = NULL;
  mydis_reply* reply = NULL;
  OK(mydis_pipeline_new(session, &pipeline));
  OK(mydis_pipeline_add(pipeline, 3, set, NULL, NULL));
  OK(mydis_pipeline_add(pipeline, 2, wrong, NULL, NULL));
  OK(mydis_pipeline_add(pipeline, 2, incr, NULL, NULL));
  FAILS(MYDIS_INVALID, mydis_pipeline_add(pipeline, 0, NULL, NULL, NULL));
  OK(mydis_pipeline_run(pipeline, NULL, &reply));
  CHECK(mydis_reply_size(reply) == 3);
  const mydis_reply* failed = mydis_reply_element(reply, 1);
  CHECK(mydis_reply_type(failed) == MYDIS_TYPE_ERROR);
  CHECK(mydis_reply_error_code(failed) == MYDIS_INVALID);
  CHECK(strncmp(mydis_reply_string(failed, NULL), "WRONGTYPE ", 10) == 0);
  CHECK(mydis_reply_integer(mydis_reply_element(reply, 2)) == 8);
  mydis_reply_free(reply);
  OK(mydis_pipeline_add(pipeline, 2, incr, NULL, NULL));
  OK(mydis_pipeline_run(pipeline, NULL, NULL));
  OK(mydis_pipeline_run(pipeline, NULL, &reply));
  CHECK(mydis_reply_type(reply) == MYDIS_TYPE_ARRAY && mydis_reply_size(reply) == 0);
  mydis_reply_free(reply);
  mydis_pipeline_free(pipeline);
}

static void TestTransaction(mydis_session* session) {
  const char* incr[] = {"INCR", "n"};
  const char* keys[] = {"n", "no"};
  uint64_t revisions[2] = {1, 1};
  mydis_transaction* transaction = NULL;
  mydis_reply* reply = NULL;
  Run(session, "SET", "n", "1");
  Run(session, "DEL", "no", NULL);
  OK(mydis_revisions(session, 2, keys, NULL, NULL, revisions));
  CHECK(revisions[0] > 0);
  CHECK(revisions[1] == 0);
  OK(mydis_transaction_new(session, &transaction));
  OK(mydis_transaction_if(transaction, "n", 1, revisions[0]));
  OK(mydis_transaction_if(transaction, "no", 2, 0));
  OK(mydis_transaction_add(transaction, 2, incr, NULL));
  OK(mydis_transaction_add(transaction, 2, incr, NULL));
  OK(mydis_transaction_run(transaction, NULL, &reply));
  CHECK(mydis_reply_size(reply) == 2);
  CHECK(mydis_reply_integer(mydis_reply_element(reply, 1)) == 3);
  mydis_reply_free(reply);
  /* The same revision is not the key's any more. */
  OK(mydis_transaction_if(transaction, "n", 1, revisions[0]));
  OK(mydis_transaction_add(transaction, 2, incr, NULL));
  OK(mydis_transaction_run(transaction, NULL, &reply));
  CHECK(reply == NULL);
  OK(mydis_transaction_if(transaction, "n", 1, revisions[0]));
  OK(mydis_transaction_add(transaction, 2, incr, NULL));
  OK(mydis_transaction_run(transaction, NULL, NULL));
  mydis_transaction_free(transaction);
  OK(COMMAND(session, NULL, &reply, "GET", "n"));
  CHECK(IsText(reply, "3"));
  mydis_reply_free(reply);
}

static void OnMessage(void* data, const mydis_message* message) {
  if (message->pattern != NULL) Tell(data, message->pattern, message->pattern_length, 0, 0);
  Tell(data, message->payload, message->payload_length, message->revision, 0);
}

static void TestSubscription(mydis_session* session) {
  const char* channels[] = {"c"};
  const char* patterns[] = {"p*"};
  mydis_subscribe_handlers handlers = MYDIS_SUBSCRIBE_HANDLERS_INIT;
  mydis_subscription* subscription = NULL;
  Told told;
  InitTold(&told);
  handlers.on_message = OnMessage;
  OK(mydis_subscribe(session, 1, channels, 1, patterns, &handlers, &told, &subscription));
  Run(session, "PUBLISH", "c", "one");
  Run(session, "PUBLISH", "other", "two");
  Run(session, "PUBLISH", "pq", "three");
  WaitForCount(&told, 3);
  CHECK(strcmp(told.text, "one p* three ") == 0);
  mydis_subscription_free(subscription);
}

static void OnChange(void* data, const mydis_key_change* change) {
  CHECK(change->kind == MYDIS_PUT || change->kind == MYDIS_DELETE);
  if (change->kind == MYDIS_PUT) CHECK(strcmp(change->type, "string") == 0);
  Tell(data, change->key, change->key_length, change->revision, change->kind);
  if (change->value != NULL) Tell(data, change->value, change->value_length, change->revision, 0);
}

static void TestWatch(mydis_session* session) {
  mydis_watch_options options = MYDIS_WATCH_OPTIONS_INIT;
  mydis_watch_handlers handlers = MYDIS_WATCH_HANDLERS_INIT;
  mydis_subscription* watch = NULL;
  mydis_subscription* again = NULL;
  Told told;
  Told told_again;
  InitTold(&told);
  InitTold(&told_again);
  options.name = "w:";
  handlers.on_change = OnChange;
  OK(mydis_watch(session, &options, &handlers, &told, &watch));
  Run(session, "SET", "other", "x");
  options.from_revision = mydis_session_revision(session);
  Run(session, "SET", "w:1", "value");
  WaitForCount(&told, 1);
  CHECK(strcmp(told.text, "w:1 ") == 0);
  CHECK(told.revision == mydis_session_revision(session));
  /* From before that, and with the value. */
  options.values = 1;
  OK(mydis_watch(session, &options, &handlers, &told_again, &again));
  WaitForCount(&told_again, 2);
  CHECK(strcmp(told_again.text, "w:1 value ") == 0);
  mydis_subscription_free(again);
  Run(session, "DEL", "w:1", NULL);
  WaitForCount(&told, 2);
  CHECK(told.code == MYDIS_DELETE);
  mydis_subscription_free(watch);
  options.of = 9;
  FAILS(MYDIS_INVALID, mydis_watch(session, &options, &handlers, &told, &watch));
}

static void TestSession(mydis_session* session) {
  TestCommands(session);
  TestCallOptions(session);
  TestAsync(session);
  TestPipeline(session);
  TestTransaction(session);
  TestSubscription(session);
  TestWatch(session);
}

static void TestClient(const char* address) {
  mydis_options* options = NULL;
  mydis_options* of_session = NULL;
  mydis_client* client = NULL;
  mydis_session* session = NULL;
  mydis_reply* reply = NULL;
  TestTls(address);
  OK(mydis_options_new(&options));
  OK(mydis_options_set(options, "address", address));
  OK(mydis_options_set(options, "connect-timeout", "5s"));
  OK(mydis_client_connect(options, &client));
  mydis_options_free(options);
  OK(mydis_client_session(client, NULL, &session));
  TestSession(session);
  mydis_session_free(session);

  OK(mydis_options_new(&of_session));
  OK(mydis_options_set(of_session, "database", "3"));
  OK(mydis_options_set(of_session, "name", "c-test"));
  OK(mydis_client_session(client, of_session, &session));
  mydis_options_free(of_session);
  Run(session, "SET", "only", "3");
  OK(COMMAND(session, NULL, &reply, "CLIENT", "GETNAME"));
  CHECK(IsText(reply, "c-test"));
  mydis_reply_free(reply);
  OK(mydis_session_see_at_least(session, 1));

  /* Sessions may outlive their client. */
  mydis_client_free(client);
  FAILS(MYDIS_UNAVAILABLE, COMMAND(session, NULL, &reply, "GET", "only"));
  mydis_session_free(session);
}

static void OnLine(void* data, const char* level, const char* line) {
  int* lines = data;
  if (level[0] != '\0' && line[0] != '\0') ++*lines;
}

static void TestInstance(const char* folder) {
  mydis_options* options = NULL;
  mydis_instance* instance = NULL;
  mydis_session* session = NULL;
  mydis_reply* status = NULL;
  int lines = 0; /* Lines come one at a time. */
  OK(mydis_set_log_handler(OnLine, &lines));
  OK(mydis_options_new(&options));
  FAILS(MYDIS_INVALID, mydis_instance_start(options, &instance)); /* Without a folder. */
  OK(mydis_options_set(options, "data-dir", folder));
  OK(mydis_options_set(options, "durability", "relaxed"));
  OK(mydis_options_set(options, "redis-port", "0"));
  OK(mydis_instance_start(options, &instance));
  mydis_options_free(options);
  OK(mydis_instance_wait_until_ready(instance, 30000));
  OK(mydis_instance_status(instance, NULL));
  OK(mydis_instance_status(instance, &status));
  CHECK(mydis_reply_integer(mydis_reply_find(status, "ready")) == 1);
  CHECK(mydis_reply_integer(mydis_reply_find(status, "leads")) == 1);
  CHECK(mydis_reply_size(mydis_reply_find(status, "members")) == 1);
  CHECK(mydis_reply_integer(mydis_reply_find(status, "redis_port")) > 0);
  CHECK(mydis_reply_integer(mydis_reply_find(status, "http_port")) <= 0);
  char address[32];
  snprintf(address, sizeof address, "127.0.0.1:%d",
           (int)mydis_reply_integer(mydis_reply_find(status, "redis_port")));
  mydis_reply_free(status);

  OK(mydis_instance_session(instance, NULL, &session));
  TestSession(session);
  TestClient(address);
  OK(mydis_instance_stop(instance));
  mydis_instance_free(instance);
  mydis_reply* reply = NULL;
  FAILS(MYDIS_UNAVAILABLE, COMMAND(session, NULL, &reply, "GET", "k"));
  mydis_session_free(session);
  OK(mydis_set_log_handler(NULL, NULL));
  CHECK(lines > 0);
}

int main(void) {
  const char* address = getenv("MYDIS_TEST_ADDRESS");
  const char* folder = getenv("MYDIS_TEST_DIR");
  CHECK(address != NULL || folder != NULL);
  TestNothing();
  TestOptions();
  if (address != NULL) TestClient(address);
  if (folder != NULL) TestInstance(folder);
  return 0;
}
