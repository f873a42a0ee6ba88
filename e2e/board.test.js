// The board as people meet it: found, read, asked why, searched, with and without JavaScript, by keyboard alone.
// One server for all tests; each test has a page of its own.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, markup, newEstate, newPage, picture } from "./lib/stave.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let estate, server, browser;

before(async () => {
  estate = newEstate();
  server = await estate.serve();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  const code = await server?.stop();
  estate?.remove();
  if (server) assert.equal(code, 0, "Ctrl-C ends the server with 0");
});

/** A test with a page; whatever the page complains about fails it, unless it is expected. */
function onPage(name, { expected, ...options }, look) {
  test(name, async () => {
    const { page, complaints, close } = await newPage(browser, { baseURL: server.url, ...options });
    try {
      await look(page);
      assert.deepEqual(complaints.filter((text) => !expected?.test(text)), []);
    } catch (error) {
      await picture(page, `failed ${name}`.replace(/\W+/g, "-")).catch(() => {});
      throw error;
    } finally {
      await close();
    }
  });
}

/** The page of an entity, found by a person's way: search, then click. */
async function open(page, name) {
  await page.goto(`/entities?q=${encodeURIComponent(name)}`);
  await page.locator("#results th a.name", { hasText: new RegExp(`^${name}$`) }).first().click();
  await page.waitForURL(/\/e\/[0-9a-f]{12}$/);
}

/** One address for each kind of page. */
async function addresses(page) {
  await open(page, "storefront");
  const entity = new URL(page.url()).pathname;
  const why = await page.locator("a.why").first().getAttribute("href");
  return ["/", "/entities", "/entities?q=nothing-has-this-name", entity, why, "/questions", "/overlap", "/knowledge", "/hotspots", "/tools", "/next", entity + "/barrel", "/fires", "/flow", "/log", "/help", "/?at=5", "/entities?at=5", "/?at=never", "/nowhere"];
}

onPage("the overview counts what there is and leads on", {}, async (page) => {
  const answer = await page.goto("/");
  const policy = answer.headers()["content-security-policy"];
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*/);
  await picture(page, "overview");
  const components = page.getByRole("link", { name: /component/ }).first();
  const count = Number(/\d+/.exec(await components.innerText())[0]);
  assert.ok(count >= 9, `nine services are components, ${count} are counted`);
  await components.click();
  await page.waitForURL(/kind=component/);
  assert.match(await page.locator(".found").innerText(), new RegExp(`^${count} `));
});

onPage("search finds while somebody types, and keeps the address", {}, async (page) => {
  await page.goto("/entities");
  const rows = page.locator("#results tbody tr");
  const all = await rows.count();
  await page.getByLabel("Search").fill("storefr");
  await page.waitForURL(/q=storefr/);
  await page.waitForFunction((before) => document.querySelectorAll("#results tbody tr").length < before, all);
  assert.equal(await rows.first().locator("th a").first().innerText(), "storefront");
  await picture(page, "search");
  await page.reload();
  assert.equal(await page.getByLabel("Search").inputValue(), "storefr");
  assert.equal(await rows.first().locator("th a").first().innerText(), "storefront");
});

onPage("filters and words that nothing matches are said", {}, async (page) => {
  await page.goto("/entities");
  await page.getByLabel("Kind").selectOption("group");
  await page.getByRole("search", { name: "Entities" }).getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/kind=group/);
  for (const team of ["counter", "till", "stockroom"]) {
    assert.equal(await page.locator("#results th a", { hasText: team }).count(), 1, team);
  }
  await page.goto("/entities?q=nothing-has-this-name");
  assert.match(await page.locator(".found").innerText(), /^No /);
});

onPage("an entity has relations, owner, history and names", {}, async (page) => {
  await open(page, "storefront");
  await picture(page, "entity");
  assert.equal(await page.locator("h1").innerText(), "storefront");
  const relations = await page.locator("table.relations").first().innerText();
  for (const target of ["catalogue", "basket", "orders"]) assert.match(relations, new RegExp(target));
  assert.match(await page.locator("dl.facts").innerText(), /owned by\s+counter/);
  assert.match(await page.locator("section[aria-labelledby=said]").innerText(), /compose/);
  assert.match(await page.locator("section[aria-labelledby=known]").innerText(), /repo:/);
  // Each relation is there from the other side, too.
  await page.locator("table.relations a", { hasText: /^catalogue$/ }).first().click();
  await page.waitForFunction(() => document.querySelector("h1").textContent === "catalogue");
  assert.match(await page.locator("#main").innerText(), /called by[\s\S]*storefront/i);
});

onPage("behind a fact stands who says it, in which file and line", {}, async (page) => {
  await open(page, "storefront");
  await page.getByRole("link", { name: /^why\? storefront calls catalogue$/i }).click();
  await page.waitForURL(/\/why\?fact=calls/);
  await picture(page, "why");
  const table = await page.locator("table.claims").innerText();
  assert.match(table, /docker-compose\.yml:\d+/);
  assert.match(table, /storefront\.yaml:\d+/);
  assert.match(table, /compose/);
});

onPage("people who differ are a question, and both words are shown", {}, async (page) => {
  await page.goto("/questions");
  await picture(page, "questions");
  const question = page.locator("article.question", { hasText: "storefront" }).filter({ hasText: "tier" });
  assert.equal(await question.count(), 1);
  const text = await question.innerText();
  assert.match(text, /stave answer [0-9a-f]+ 1/);
  await question.getByRole("link", { name: "storefront" }).first().click();
  const asks = await page.locator("section.asks").innerText();
  assert.match(asks, /open question/);
  assert.match(await page.locator("dl.facts").innerText(), /disputed/);
});

onPage("text from elsewhere is shown, never run", {}, async (page) => {
  await open(page, "shop-db");
  assert.ok((await page.locator("p.lead").innerText()).startsWith(markup));
  assert.doesNotMatch(await page.title(), /run/);
  assert.equal(await page.locator("#main img, #main script").count(), 0);
});

onPage("an address that leads nowhere helps on", { expected: /status of 404/ }, async (page) => {
  const answer = await page.goto("/e/storefrnt");
  assert.equal(answer.status(), 404);
  assert.match(await page.locator("#main").innerText(), /storefront/);
});

onPage("the log names commands and how to take them back", {}, async (page) => {
  await page.goto("/log");
  await picture(page, "log");
  const first = page.locator("section.operation").first();
  assert.match(await first.innerText(), /stave undo [0-9a-f]+/);
});

onPage("a change elsewhere shows by itself", {}, async (page) => {
  await open(page, "mailroom");
  estate.as("till@leafcup.test", "say", "mailroom", "description", "Receipts, one at a time");
  await page.getByText("Receipts, one at a time").first().waitFor({ timeout: 10_000 });
  assert.match(await page.locator("#live").innerText(), /position/);
});

onPage("everything is reached by keyboard, and one sees where one is", {}, async (page) => {
  await page.goto("/");
  const focused = () => page.evaluate(() => {
    const at = document.activeElement;
    const style = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    return {
      text: (at.textContent || at.getAttribute("name") || "").trim(),
      seen: box.width > 0 && box.height > 0 && box.right > 0 && box.bottom > 0,
      marked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
    };
  });
  await page.keyboard.press("Tab");
  assert.deepEqual(await focused(), { text: "Skip to the content", seen: true, marked: true });
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");

  await page.goto("/");
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press("Tab");
    const at = await focused();
    assert.ok(at.marked && at.seen, `the focus can't be seen at "${at.text}"`);
    if (await page.evaluate(() => document.activeElement.id === "search")) break;
  }
  await page.keyboard.type("storefront");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/entities\?q=storefront/);
  for (let step = 0; step < 60 && (await focused()).text !== "storefront"; step += 1) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/e\/[0-9a-f]{12}$/);
  assert.equal(await page.locator("h1").innerText(), "storefront");
});

onPage("everything is readable without JavaScript", { javaScriptEnabled: false }, async (page) => {
  await page.goto("/");
  await page.locator("#search").fill("storefront");
  await page.getByRole("button", { name: "Find" }).click();
  await page.locator("#results th a.name").first().click();
  assert.equal(await page.locator("h1").innerText(), "storefront");
  assert.ok((await page.locator("table.relations tbody tr").count()) > 3);
  await page.locator("table.relations a.why").first().click();
  assert.ok((await page.locator("table.claims tbody tr").count()) > 0);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: /Questions/ }).click();
  assert.ok((await page.locator("article.question").count()) > 0);
});

for (const colorScheme of ["light", "dark"]) {
  test(`pages keep the rules of accessibility, ${colorScheme}`, async () => {
    const { page, close } = await newPage(browser, { baseURL: server.url, colorScheme });
    const broken = [];
    for (const address of await addresses(page)) {
      await page.goto(address);
      // The browser evaluates this for the test; the page itself may run no inline script.
      const { violations } = await page.evaluate(`${axe}; axe.run()`);
      for (const { id, nodes } of violations) {
        broken.push(`${address}: ${id}: ${nodes.map((node) => node.html).join(" | ")}`);
      }
      const levels = await page.evaluate(() =>
        [...document.querySelectorAll("h1, h2, h3, h4")].map((heading) => Number(heading.tagName[1])));
      if (levels.filter((level) => level === 1).length !== 1) broken.push(`${address}: has not one h1`);
      levels.forEach((level, at) => {
        if (level > (levels[at - 1] ?? 0) + 1) broken.push(`${address}: h${level} follows h${levels[at - 1]}`);
      });
    }
    assert.deepEqual(broken, []);
    await close();
  });
}

onPage("a narrow window scrolls down only", { viewport: { width: 360, height: 740 } }, async (page) => {
  const wide = [];
  for (const address of (await addresses(page)).filter((address) => !["/nowhere", "/?at=never"].includes(address))) {
    await page.goto(address);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) wide.push(`${address} by ${over} pixels`);
  }
  assert.deepEqual(wide, []);
  await open(page, "storefront");
  await picture(page, "narrow");
});

onPage("a page of the past says so, and its links, forms and search stay there", {}, async (page) => {
  await page.goto("/?at=5");
  assert.match(await page.getByRole("complementary").textContent(), /As of position 5 /);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Entities" }).click();
  await page.locator("#q").fill("a");
  await page.waitForURL(/\?(?=.*q=a)(?=.*at=5)/);
  await picture(page, "past");
  await page.getByRole("link", { name: "See today" }).click();
  assert.doesNotMatch(page.url(), /at=/);
  await page.getByLabel("This page as of the end of").fill("2001-02-03");
  await page.getByRole("button", { name: "Show" }).last().click();
  await page.waitForURL(/at=2001-02-03/);
  assert.match(await page.getByRole("complementary").textContent(), /As of 2001-02-03 23:59 UTC/);
});

test("every page that another leads to answers, has a twin, and shows no secret", async () => {
  const seen = new Set(["/"]);
  const queue = ["/"];
  while (queue.length > 0) {
    const address = queue.shift();
    const answer = await fetch(server.url + address);
    const text = await answer.text();
    assert.equal(answer.status, 200, address);
    assert.ok(!text.includes("is-not-a"), `${address} shows a secret`);
    assert.ok(answer.headers.get("content-security-policy"), address);
    if (!answer.headers.get("content-type").startsWith("text/html")) {
      if (address.startsWith("/api/")) JSON.parse(text);
      continue;
    }
    for (const [, href] of text.matchAll(/href="(\/[^"#]*)/g)) {
      const next = href.replaceAll("&amp;", "&");
      // Every fact has a page; some hundred are enough to know.
      if (seen.has(next) || (next.includes("/why?") && seen.size > 600)) continue;
      seen.add(next);
      queue.push(next);
    }
  }
  assert.ok(seen.size > 100, `${seen.size} addresses`);
});
