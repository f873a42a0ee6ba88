import { createServer } from "node:http";
import { PostHog } from "posthog-node";

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

const catalogue = setting("CATALOGUE_URL");
const basket = setting("BASKET_URL");
const orders = setting("ORDERS_URL");
const recommendations = process.env.RECOMMENDATIONS_URL;
const analytics = new PostHog(setting("POSTHOG_KEY"), { host: setting("POSTHOG_HOST") });

interface Tea {
  id: string;
  name: string;
  cents: number;
}

async function get<T>(url: string): Promise<T> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return (await answer.json()) as T;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** A page still shows its teas when nobody can recommend any. */
async function recommended(visitor: string): Promise<Tea[]> {
  if (!recommendations) return [];
  return get<Tea[]>(`${recommendations}/for/${encodeURIComponent(visitor)}`).catch(() => []);
}

async function shelf(visitor: string): Promise<string> {
  const [teas, picks] = await Promise.all([get<Tea[]>(`${catalogue}/teas`), recommended(visitor)]);
  const row = (tea: Tea) => `<li>${escape(tea.name)} ${(tea.cents / 100).toFixed(2)}</li>`;
  return `<h1>Teas</h1><ul>${teas.map(row).join("")}</ul><h2>For you</h2><ul>${picks.map(row).join("")}</ul>`;
}

async function checkout(visitor: string): Promise<string> {
  const lines = await get<unknown[]>(`${basket}/baskets/${encodeURIComponent(visitor)}`);
  const answer = await fetch(`${orders}/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ visitor, lines }),
  });
  if (!answer.ok) throw new Error(`the order was refused: ${answer.status}`);
  return "<h1>Thank you</h1>";
}

createServer(async (request, response) => {
  const visitor = String(request.headers["x-visitor"] ?? "nobody");
  const wantsCheckout = request.method === "POST" && request.url === "/checkout";
  try {
    const page = wantsCheckout ? await checkout(visitor) : await shelf(visitor);
    analytics.capture({ distinctId: visitor, event: wantsCheckout ? "checkout" : "shelf" });
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
  } catch (error) {
    console.error(error);
    response.writeHead(502, { "content-type": "text/plain" }).end("The shop is closed for a moment.");
  }
}).listen(Number(process.env.PORT ?? 3000));
