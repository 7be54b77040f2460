#include "server/http/ui_page.h"

namespace mydis {

const std::string_view kUiStyle = R"css(
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; }
td, pre, input { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
input { padding: .35rem; margin-right: .5rem; width: 24rem; max-width: 100%; }
pre { white-space: pre-wrap; max-height: 24rem; overflow: auto; background: #8882; padding: .5rem; }
.error { color: #c33; }
)css";

const std::string_view kUiBody = R"html(
<h1>Mydis</h1>
<form id="login"><input id="token" type="password" autocomplete="off" placeholder="token, or user:password">
<button>Use it</button> <span id="error" class="error" role="alert"></span></form>
<h2>Cluster</h2>
<p id="self"></p>
<table><thead><tr><th>instance<th>address<th>role<th>lag<th>state</tr></thead><tbody id="members"></tbody></table>
<h2>Keys</h2>
<form id="find"><input id="prefix" placeholder="begin with"><button>List</button> <button id="more" type="button" hidden>More</button></form>
<table><thead><tr><th>key<th>type<th>revision<th>time to live</tr></thead><tbody id="keys"></tbody></table>
<h2>Command</h2>
<form id="run"><input id="command" placeholder="GET key" autocomplete="off"><button>Run</button></form>
<pre id="reply"></pre>
)html";

// Everything that comes from the cluster is put in as text, never as markup.
const std::string_view kUiScript = R"js(
"use strict";
const at = (id) => document.getElementById(id);
let token = "", cursor = null;

async function ask(path, body) {
  const headers = token ? { Authorization: "Bearer " + token } : {};
  const options = body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) };
  const response = await fetch(path, options);
  const json = await response.json();
  if (json.error) throw new Error(json.error.code + " " + json.error.message);
  return json;
}

function row(table, cells) {
  const tr = table.insertRow();
  for (const cell of cells) tr.insertCell().textContent = cell ?? "";
}

const shown = (text) => typeof text === "string" ? text : JSON.stringify(text);

async function guarded(work) {
  try { await work(); at("error").textContent = ""; } catch (error) { at("error").textContent = error.message; }
}

async function status() {
  const cluster = await ask("/v1/cluster");
  at("self").textContent = cluster.instance_id + ": " + cluster.role + ", ready: " + (cluster.ready ? "yes" : cluster.reason)
    + ", term " + cluster.term + ", applied " + cluster.applied_index + ", revision " + cluster.revision;
  at("members").replaceChildren();
  for (const m of cluster.members) row(at("members"), [m.instance_id, m.address + ":" + m.raft_port, m.role, m.lag, m.state]);
}

async function keys(more) {
  if (!more) { cursor = null; at("keys").replaceChildren(); }
  const query = new URLSearchParams({ prefix: at("prefix").value, limit: 100 });
  if (cursor) query.set("cursor", cursor);
  const page = await ask("/v1/keys?" + query);
  for (const k of page.keys) row(at("keys"), [shown(k.key), k.type, k.revision, k.ttl_ms === null ? "" : k.ttl_ms + " ms"]);
  cursor = page.cursor;
  at("more").hidden = cursor === null;
}

// Words are separated by spaces; "…" keeps them together, with \" and \\ inside.
function words(line) {
  const found = line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  return found.map((w) => w.length > 1 && w.startsWith('"') && w.endsWith('"') ? w.slice(1, -1).replace(/\\(.)/g, "$1") : w);
}

function on(id, event, work) {
  at(id).addEventListener(event, (e) => { e.preventDefault(); guarded(work); });
}

on("login", "submit", async () => { token = at("token").value; await status(); });
on("find", "submit", () => keys(false));
on("more", "click", () => keys(true));
on("run", "submit", async () => {
  at("reply").textContent = "";
  at("reply").textContent = JSON.stringify((await ask("/v1/commands", words(at("command").value))).result, null, 2);
});
guarded(status);
setInterval(() => { if (!document.hidden) guarded(status); }, 5000);
)js";

}  // namespace mydis
