// The npm packages ws and eventsource against one instance: node http_stream_check.js FOLDER PORT
"use strict";
const assert = require("assert");
const path = require("path");
const [folder, port] = process.argv.slice(2);
const WebSocket = require(path.join(folder, "node_modules", "ws"));
const eventsource = require(path.join(folder, "node_modules", "eventsource"));
const EventSource = eventsource.EventSource || eventsource;
const base = `127.0.0.1:${port}`;

function opened(socket) {
  return new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
}

function next(socket) {
  return new Promise((resolve) => socket.once("message", (data) => resolve(data)));
}

async function json() {
  const socket = new WebSocket(`ws://${base}/v1/ws`, "mydis.json");
  await opened(socket);
  assert.strictEqual(socket.protocol, "mydis.json");
  socket.send(JSON.stringify({ id: 1, command: ["SET", "ws", "ü"] }));
  assert.strictEqual(JSON.parse(await next(socket)).result, "OK");
  // In two fragments, with compression offered and not taken.
  socket.send('{"id":2,"comm', { fin: false });
  socket.send('and":["GET","ws"]}');
  assert.deepStrictEqual(JSON.parse(await next(socket)).result, "ü");
  const pong = new Promise((resolve) => socket.once("pong", resolve));
  socket.ping("alive");
  assert.strictEqual((await pong).toString(), "alive");
  const closed = new Promise((resolve) => socket.once("close", (code) => resolve(code)));
  socket.close(1000, "done");
  assert.strictEqual(await closed, 1000);
}

async function resp() {
  const socket = new WebSocket(`ws://${base}/v1/ws`, "mydis.resp3");
  await opened(socket);
  socket.send(Buffer.from("*2\r\n$3\r\nGET\r\n$2\r\nws\r\n"));
  assert.strictEqual((await next(socket)).toString(), "$2\r\nü\r\n");
  socket.terminate();
}

async function events() {
  const source = new EventSource(`http://${base}/v1/watch?prefix=es:&values=true`);
  const heard = [];
  const done = new Promise((resolve, reject) => {
    source.addEventListener("put", (event) => {
      heard.push([event.lastEventId, JSON.parse(event.data).value]);
      if (heard.length === 3) resolve();
    });
    source.addEventListener("delete", () => reject(new Error("nothing is deleted")));
  });
  await new Promise((resolve) => { source.onopen = resolve; });
  const tags = [];
  for (const value of ["1", "2", "3"]) {
    const answer = await fetch(`http://${base}/v1/keys/es:${value}`, { method: "PUT", body: value });
    tags.push(answer.headers.get("etag").replaceAll('"', ""));
  }
  await done;
  assert.deepStrictEqual(heard, tags.map((tag, i) => [tag, String(i + 1)]));
  source.close();
}

(async () => {
  await json();
  await resp();
  await events();
  console.log("ws and eventsource passed");
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
