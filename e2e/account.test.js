// Signing in and out, without JavaScript and by the keyboard; on a ledger that has an account.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, newEstate, newPage, picture } from "./lib/stave.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let estate, server, browser, password;

before(async () => {
  estate = newEstate();
  password = estate.run("user", "add", "ada@leafcup.test", "--name", "Ada", "--role", "viewer").trim();
  server = await estate.serve();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  estate?.remove();
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

/** Fills the form and sends it with Enter. */
async function signIn(page, text) {
  await page.getByLabel("E-mail address").fill("ada@leafcup.test");
  await page.getByLabel("Password").fill(text);
  await page.keyboard.press("Enter");
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";
  onPage(`in and out ${how} JavaScript`, { javaScriptEnabled }, async (page) => {
    await page.goto("/entities?kind=component");
    await page.waitForURL(/\/login\?next=/);
    await signIn(page, password);
    await page.waitForURL(/\/entities\?kind=component$/);
    await page.getByRole("link", { name: "storefront" }).first().waitFor();
    await page.goto("/account");
    assert.match(await page.textContent("main"), /You are Ada, viewer\./);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(/\/login\?next=%2F$/);
    await page.goto("/questions");
    await page.waitForURL(/\/login\?next=/);
  });
}

onPage("a wrong password is said, and the address stays", { expected: /401/ }, async (page) => {
  await page.goto("/login");
  await signIn(page, "not the password");
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByRole("alert").textContent(), "The address or the password is wrong.");
  assert.equal(await page.getByLabel("E-mail address").inputValue(), "ada@leafcup.test");
});

for (const colorScheme of ["light", "dark"]) {
  test(`the pages of accounts are accessible, ${colorScheme}`, async () => {
    const { page, close } = await newPage(browser, { baseURL: server.url, colorScheme });
    try {
      const look = async () => {
        const { violations } = await page.evaluate(`${axe}; axe.run()`);
        assert.deepEqual(violations.map((rule) => `${page.url()} ${rule.id}: ${rule.nodes[0].html}`), []);
      };
      await page.goto("/login");
      await look();
      await signIn(page, password);
      await page.waitForURL(/\d\/$/);
      await page.goto("/account");
      await look();
    } finally {
      await close();
    }
  });
}
