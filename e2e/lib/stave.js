// Starts the built binary on the example estate, in a ledger of its own, and a browser to look at it.

import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const root = resolve(fileURLToPath(new URL("../..", import.meta.url)));
export const out = join(root, "e2e", "out");

const binary = process.env.STAVE_BINARY ?? join(root, "target", "debug", "stave");
const patienceMs = 60_000;

/** Only what the binary needs: no settings of whoever runs this, and a fixed speaker. */
const environment = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", NO_COLOR: "1" };

/** A ledger of its own; `run` is the command line on it, `serve` the board. */
export function newLedger() {
  if (!existsSync(binary)) throw new Error(`${binary} is not there; build it, or name it in STAVE_BINARY`);
  const folder = mkdtempSync(join(tmpdir(), "stave-e2e-"));
  const options = { cwd: root, env: { ...environment, HOME: folder }, encoding: "utf8", stdio: "pipe" };
  return {
    folder,
    run: (...words) => execFileSync(binary, ["--ledger", folder, ...words], options),
    /** What the person with this address types. */
    as: (address, ...words) => execFileSync(binary, ["--ledger", folder, "--as", address, ...words], options),
    export: () => {
      const path = join(folder, "export.jsonl");
      writeFileSync(path, execFileSync(binary, ["--ledger", folder, "export", "--as", "jsonl"], options));
      return path;
    },
    serve: () => serve(["--ledger", folder, "serve", "--port", "0"], options),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The example estate in a repository of its own, so that neither this clone's name nor its state is on a page. */
function newTree(folder) {
  cpSync(join(root, "examples", "shop"), folder, { recursive: true });
  const date = "2026-11-02T09:00:00Z";
  const env = { ...environment, HOME: folder, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  const git = (...words) => execFileSync("git", words, { cwd: folder, env, stdio: "pipe" });
  git("init", "--quiet", "--initial-branch", "main");
  git("remote", "add", "origin", "https://git.leafcup.test/leafcup/shop.git");
  git("add", "--all");
  const who = ["-c", "user.name=Counter", "-c", "user.email=counter@leafcup.test"];
  git(...who, "commit", "--quiet", "--message", "The shop");
  // As after a clone: which branch is the default is known.
  git("update-ref", "refs/remotes/origin/main", "HEAD");
  git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main");
  return folder;
}

/** The example estate, scanned, with words of three people, two of whom spoke on copies and differ. */
export function newEstate() {
  const ledger = newLedger();
  ledger.run("scan", newTree(join(ledger.folder, "shop")));
  const copy = newLedger();
  copy.run("merge", ledger.export());
  ledger.as("counter@leafcup.test", "say", "storefront", "tier", "1");
  copy.as("till@leafcup.test", "say", "storefront", "tier", "3");
  ledger.run("merge", copy.export());
  copy.remove();
  ledger.as("stockroom@leafcup.test", "say", "shop-db", "description", markup);
  return ledger;
}

/** A description that must be shown, never run. */
export const markup = "<img src=x onerror=document.title='run'> & <script>document.title='run'</script>";

async function serve(words, options) {
  const child = spawn(binary, words, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let talk = "";
  const ended = new Promise((settle) => child.once("exit", (code) => settle(code)));
  const entry = await new Promise((settle, fail) => {
    const timer = setTimeout(() => fail(new Error(`no URL after ${patienceMs} ms:\n${talk}`)), patienceMs);
    const see = (piece) => {
      talk += piece;
      // With accounts there is no key.
      const found = /(http:\/\/127\.0\.0\.1:\d+\/(\?key=[0-9a-f]{32})?)\n/.exec(talk);
      if (!found) return;
      clearTimeout(timer);
      settle(found[1]);
    };
    child.stdout.setEncoding("utf8").on("data", see);
    child.stderr.setEncoding("utf8").on("data", see);
    ended.then((code) => fail(new Error(`stave ended with ${code}:\n${talk}`)));
  });
  return {
    url: new URL(entry).origin,
    /** The printed URL: whoever opens it may write. */
    entry,
    /** Ctrl-C; the exit code. */
    stop: () => {
      child.kill("SIGINT");
      return ended;
    },
  };
}

function browserPath() {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const folders = (process.env.PATH ?? "").split(delimiter);
  const usual = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  const mac = "/Applications/Chromium.app/Contents/MacOS/Chromium";
  const found = [process.env.CHROMIUM ?? "", ...usual, mac].find((path) => path !== "" && existsSync(path));
  if (!found) throw new Error("no Chromium in PATH; install Debian's package chromium, or name one in CHROMIUM");
  return found;
}

/** A browser that talks to nobody but the page. */
export function launch() {
  const quiet = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ];
  // Chromium's sandbox doesn't start as root, which is who runs in most containers.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: browserPath(), args: [...quiet, ...sandbox] });
}

/** A page that notes everything it complains about, and everything it asks of others. */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => {
    // Leaving a page ends its requests; that is no fault of the page.
    const failure = request.failure()?.errorText ?? "";
    if (failure !== "net::ERR_ABORTED") complaints.push(`${request.url()}: ${failure}`);
  });
  page.on("request", (request) => {
    const own = /^(http:\/\/127\.0\.0\.1:\d+\/|data:|about:)/.test(request.url());
    if (!own) complaints.push(`asks for ${request.url()}`);
  });
  return { page, complaints, close: () => context.close() };
}

/** Keeps a picture of the page for a person to look at. */
export async function picture(page, name) {
  mkdirSync(out, { recursive: true });
  await page.screenshot({ path: join(out, `${name}.png`), fullPage: true });
}
