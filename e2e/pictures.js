// Writes the pictures of the documents from real pages: docs/pictures/NAME.png. Run by hand: npm run pictures.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { launch, newEstate, newPage, root } from "./lib/stave.js";

const folder = join(root, "docs", "pictures");
mkdirSync(folder, { recursive: true });

const estate = newEstate();
const records = (name) => join(root, "examples", "shop", "records", name);
estate.run("import", "--from", "shop", records("incidents.csv"), records("deployments.csv"));
const server = await estate.serve();
const browser = await launch();
try {
  const { page, complaints } = await newPage(browser, {
    baseURL: server.url,
    viewport: { width: 1180, height: 1000 },
    deviceScaleFactor: 1,
  });
  const keep = (name) => page.screenshot({ path: join(folder, `${name}.png`) });
  // As whoever started the board sees it: with what they can say.
  await page.goto(server.entry);
  await page.goto("/entities?q=orders");
  await page.locator("#results th a.name", { hasText: /^orders$/ }).click();
  await page.waitForURL(/\/e\//);
  await keep("entity");
  await page.getByRole("link", { name: /^why\? orders calls payments$/i }).click();
  await page.waitForURL(/\/why\?/);
  await keep("why");
  await page.goto("/questions");
  await keep("questions");
  await page.goto("/fires?since=2y");
  await keep("fires");
  await page.goto("/next");
  await page.locator("main a[href$='/barrel']").first().click();
  await page.waitForURL(/\/barrel/);
  await keep("barrel");
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
} finally {
  await browser.close();
  await server.stop();
  estate.remove();
}
console.log(`written to ${folder}`);
