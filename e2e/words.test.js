// The board as people write on it: a word is said, seen and taken back; with and without JavaScript, by keyboard alone.
// One server for all tests; each test has a page of its own and speaks of a piece of its own.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, newEstate, newPage, picture } from "./lib/stave.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let estate, server, browser;

before(async () => {
  estate = newEstate();
  server = await estate.serve();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  estate?.remove();
});

/** A test with a page whose reader came with the printed URL. */
function asSpeaker(name, { expected, ...options }, look) {
  test(name, async () => {
    const { page, complaints, close } = await newPage(browser, { baseURL: server.url, ...options });
    try {
      await page.goto(server.entry);
      assert.equal(new URL(page.url()).search, "", "the key stays in no address");
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

async function open(page, name) {
  await page.goto(`/entities?q=${encodeURIComponent(name)}`);
  await page.locator("#results th a.name", { hasText: new RegExp(`^${name}$`) }).first().click();
  await page.waitForURL(/\/e\/[0-9a-f]{12}$/);
}

const owners = (page) => page.locator("dl.facts > div").first();

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with JavaScript" : "without JavaScript";
  const piece = javaScriptEnabled ? "warehouse" : "mailroom";

  asSpeaker(`an owner is said, seen and taken back ${how}`, { javaScriptEnabled }, async (page) => {
    await open(page, piece);
    const before = await owners(page).innerText();
    assert.doesNotMatch(before, /stated/);
    await owners(page).getByText("change…").or(owners(page).getByText("name an owner…")).click();
    await page.getByLabel("owned by", { exact: true }).fill("till, counter");
    await owners(page).getByRole("button", { name: "Say", exact: true }).click();
    await page.waitForURL(/said=[0-9a-f]{32}/);
    assert.match(await page.locator(".notice").innerText(), /^You said: .* is owned by .*till.*\.\s+Undo$/s);
    assert.match(await owners(page).innerText(), /till[\s\S]*stated\s+by/);
    if (javaScriptEnabled) await picture(page, "said");
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("You took back:").waitFor();
    assert.match(await page.locator(".notice").innerText(), /Bring it back/);
    assert.equal(await owners(page).innerText(), before);
  });

  asSpeaker(`a relation is denied where it stands, and its page is kept ${how}`, { javaScriptEnabled }, async (page) => {
    await open(page, piece);
    const row = page.locator("section[aria-labelledby=own] tbody tr").filter({ has: page.getByRole("button", { name: /^not so/ }) }).last();
    const target = await row.locator("a.name").innerText();
    await row.getByRole("button", { name: /^not so/ }).click();
    await page.waitForURL(/#f-[0-9a-f]{12}$/);
    const denied = page.locator("tr:target");
    assert.match(await denied.innerText(), new RegExp(`${target}[\\s\\S]*denied`));
    assert.equal(await denied.getByRole("button", { name: /^it is so/ }).count(), 1);
    const seen = await denied.evaluate((node) => {
      const box = node.getBoundingClientRect();
      return box.top >= document.querySelector(".notice").getBoundingClientRect().bottom && box.bottom <= innerHeight;
    });
    assert.ok(seen, "what was spoken of is in sight, below the notice");
    const address = page.url();
    await denied.getByRole("button", { name: /^it is so/ }).click();
    await page.waitForURL((url) => url.href !== address && /^#f-[0-9a-f]{12}$/.test(url.hash));
    assert.match(await page.locator("tr:target").innerText(), /stated/);
    assert.doesNotMatch(await page.locator("tr:target").innerText(), /denied/);
  });
}

asSpeaker("a question is answered by a button without JavaScript", { javaScriptEnabled: false }, async (page) => {
  await page.goto("/questions");
  const question = page.locator("article.question", { hasText: "tier" });
  assert.doesNotMatch(await question.innerText(), /stave answer/);
  await question.getByRole("button", { name: /storefront is of tier 3/ }).click();
  await page.waitForURL(/\/questions\?said=/);
  assert.match(await page.locator(".notice").innerText(), /You said: storefront is of tier 3/);
  assert.equal(await page.locator("article.question", { hasText: "tier" }).count(), 0);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("You took back:").waitFor();
  assert.equal(await page.locator("article.question", { hasText: "tier" }).count(), 1, "it is asked again");
});

asSpeaker("a question is answered on the page of its piece, and undone in the log", {}, async (page) => {
  await open(page, "notifier");
  await page.locator("section.asks").getByRole("button", { name: /is owned by stockroom/ }).click();
  await page.waitForURL(/\/e\/[0-9a-f]{12}\?said=/);
  assert.match(await owners(page).innerText(), /stockroom[\s\S]*stated/);
  assert.equal(await page.locator("section.asks").count(), 0);
  await page.goto("/log");
  await page.locator("section.operation").first().getByRole("button", { name: /^undo/ }).click();
  await page.getByText("You took back:").waitFor();
  await picture(page, "log-undone");
  await open(page, "notifier");
  assert.equal(await page.locator("section.asks").count(), 1);
});

asSpeaker("a word is said and taken back by keyboard alone", {}, async (page) => {
  await open(page, "basket");
  const until = async (wanted) => {
    for (let step = 0; step < 200; step += 1) {
      const text = await page.evaluate(() => document.activeElement.textContent);
      if (wanted.test(text)) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`no ${wanted} can be reached`);
  };
  await until(/^(change…|name an owner…) owned by$/);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("till");
  await page.keyboard.press("Enter");
  await page.waitForURL(/said=/);
  assert.match(await owners(page).innerText(), /till/);
  await page.evaluate(() => document.getElementById("main").focus());
  await until(/^Undo$/);
  const marked = await page.evaluate(() => parseFloat(getComputedStyle(document.activeElement).outlineWidth) > 0);
  assert.ok(marked, "one sees where one is");
  await page.keyboard.press("Enter");
  await page.getByText("You took back:").waitFor();
});

asSpeaker("what somebody else said meanwhile is shown, not overwritten", { expected: /status of 409/ }, async (page) => {
  await open(page, "payments");
  await page.getByText("say more…").click();
  await page.locator("form.say").filter({ hasText: "tier" }).getByRole("combobox").first().selectOption("tier");
  estate.as("till@leafcup.test", "say", "payments", "tier", "2");
  await page.locator("details[open] input[name=to]").fill("1");
  await page.locator("details[open]").getByRole("button", { name: "Say", exact: true }).click();
  await page.getByRole("heading", { name: "Look again" }).waitFor();
  await picture(page, "look-again");
  assert.match(await page.locator("table.claims").innerText(), /till[\s\S]*is of tier 2/);
  await page.getByRole("button", { name: "Say it all the same" }).click();
  await page.waitForURL(/\/e\/[0-9a-f]{12}\?said=/);
  assert.match(await page.locator("dl.facts").innerText(), /tier\s+1/);
});

asSpeaker("a name that means nothing is asked for again", { expected: /status of 409/ }, async (page) => {
  await open(page, "orders");
  await page.getByText("add a relation…").click();
  await page.locator("details[open] input[name=to]").fill("recomendations");
  await page.locator("details[open]").getByRole("button", { name: "Say", exact: true }).click();
  await page.getByRole("heading", { name: "That can't be said so" }).waitFor();
  await page.getByRole("button", { name: "This one" }).first().click();
  await page.waitForURL(/said=/);
  assert.match(await page.locator(".notice").innerText(), /recommendations/);
});

asSpeaker("names are proposed while somebody types", {}, async (page) => {
  await open(page, "orders");
  await page.getByText("add a relation…").click();
  await page.locator("details[open] input[name=to]").fill("catal");
  await page.waitForFunction(() => {
    const names = [...document.querySelectorAll("#pieces option")].map((option) => option.value);
    return names.length <= 12 && names.includes("catalogue");
  });
});

test("another page hears of a word at once", async () => {
  const [one, other] = [await newPage(browser, { baseURL: server.url }), await newPage(browser, { baseURL: server.url })];
  await one.page.goto(server.entry);
  await open(one.page, "catalogue");
  await open(other.page, "catalogue");
  assert.equal(await other.page.getByRole("button", { name: /^not so/ }).count(), 0, "who has no key writes nothing");
  assert.match(await other.page.locator("footer").innerText(), /You only read here/);
  await one.page.getByText("say more…").click();
  await one.page.locator("details[open] select").selectOption("tag");
  await one.page.locator("details[open] input[name=to]").fill("shown-at-once");
  await one.page.locator("details[open]").getByRole("button", { name: "Say", exact: true }).click();
  await other.page.getByText("shown-at-once").first().waitFor({ timeout: 5_000 });
  await one.close();
  await other.close();
});

for (const colorScheme of ["light", "dark"]) {
  asSpeaker(`pages that write keep the rules of accessibility, ${colorScheme}`, { colorScheme }, async (page) => {
    await open(page, "storefront");
    const entity = new URL(page.url()).pathname;
    await page.goto("/questions");
    const question = await page.locator("article.question h2 a").first().getAttribute("href");
    const broken = [];
    for (const address of [entity, "/questions", question, "/log", "/overlap", "/fires", "/entities", `${entity}/who`]) {
      await page.goto(address);
      // What is folded is looked at as well.
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
      const { violations } = await page.evaluate(`${axe}; axe.run()`);
      for (const { id, nodes } of violations) {
        broken.push(`${address}: ${id}: ${nodes.map((node) => node.html).join(" | ")}`);
      }
      const ids = await page.evaluate(() => [...document.querySelectorAll("[id]")].map((node) => node.id));
      const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
      if (twice.length > 0) broken.push(`${address}: ids that are there twice: ${twice}`);
    }
    assert.deepEqual(broken, []);
    await page.goto(entity);
    await picture(page, `speaker-${colorScheme}`);
  });
}

asSpeaker("a narrow window scrolls down only, with all forms open", { viewport: { width: 360, height: 740 } }, async (page) => {
  await open(page, "storefront");
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok((await wide()) <= 0);
  await picture(page, "speaker-narrow");
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
  assert.ok((await wide()) <= 0);
  await picture(page, "speaker-narrow-open");
});
