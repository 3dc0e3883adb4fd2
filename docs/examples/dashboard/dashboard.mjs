// A dashboard in a terminal: node dashboard.mjs [path ...]. It asks every two seconds and prints what has changed.
const host = process.env.API_HOST ?? "https://127.0.0.1:8443";
const ours = ["/api/product/sale?window=1h&compare=previous", "/api/product/sale/series?window=24h&step=1h&tz=Europe/Berlin"];
const paths = process.argv.length > 2 ? process.argv.slice(2) : ours;
const tags = new Map();

// Numbers become texts, so that no digit is lost. A JavaScript number holds 15 digits, an amount may have more.
const exact = (json) => JSON.parse(json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?/g, (part) => (part[0] === '"' ? part : `"${part}"`)));

async function ask(path) { // returns the seconds until the next time
  const headers = { Authorization: `Bearer ${process.env.API_TOKEN}` };
  if (tags.has(path)) headers["If-None-Match"] = tags.get(path);
  const answer = await fetch(host + path, { headers, signal: AbortSignal.timeout(10_000) });
  if (answer.status === 304) return 2; // nothing has changed
  const body = exact(await answer.text());
  if (answer.ok) {
    tags.set(path, answer.headers.get("ETag"));
    console.log(path, answer.headers.get("Data-As-Of"), JSON.stringify(body));
    return 2;
  }
  console.error(path, body.type, body.detail);
  if (answer.status < 500 && answer.status !== 429) process.exit(1); // asking again would not help
  return Number(answer.headers.get("Retry-After") ?? 10);
}

for (const path of paths) (async function again() {
  const seconds = await ask(path).catch((error) => (console.error(path, String(error)), 10));
  setTimeout(again, seconds * 1000);
})();
