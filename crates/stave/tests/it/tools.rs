//! Outside products and services: what is found, in the real binary, and that it stays out of the pictures.

use serde_json::Value;

use crate::world::World;

const LISTED: &str = "\
ci
  GitHub Actions  web  1 repository  .github/workflows/ci.yml:1

error tracking
  Sentry   api, web  2 repositories  requirements.txt:2
  BugSnag  api       1 repository    requirements.txt:3

feature flags
  Acme Flags  web  1 repository  package.json:4

payment
  Stripe  web  1 repository  .env:1

scanner
  Snyk  web  1 repository  .github/workflows/ci.yml:4

6 tools in 5 categories; position ";

fn shop() -> World {
    let world = World::new();
    world.write("estate/stave.toml", "[tools.acme-flags]\nname = \"Acme Flags\"\ncategory = \"feature-flags\"\nsigns = [\"npm:@acme/flags\"]\n");
    world.write(
        "estate/web/package.json",
        "{\"name\": \"web\", \"scripts\": {\"start\": \"x\"}, \"dependencies\": {\n\"express\": \"4\",\n\"@sentry/node\": \"8\",\n\"@acme/flags\": \"1\",\n\"client\": \"1\"}}",
    );
    world.write("estate/web/.env", "STRIPE_URL=https://api.stripe.com\n");
    world.write(
        "estate/web/.github/workflows/ci.yml",
        "jobs:\n  a:\n    steps:\n      - uses: snyk/actions/node@master\n",
    );
    world.write("estate/api/requirements.txt", "django\nsentry-sdk==2\nbugsnag\n");
    world.write("estate/api/pyproject.toml", "[project]\nname = \"api\"\ndependencies = [\"gunicorn\"]\n");
    for folder in ["estate/web", "estate/api"] {
        world.git(folder, 0, &["init", "--quiet"]);
        let name = format!("https://github.com/leafcup/{}.git", folder.rsplit('/').next().unwrap());
        world.git(folder, 0, &["remote", "add", "origin", &name]);
        world.commit(folder, 1);
    }
    world.run("estate", &["scan", "--quiet"]).ok();
    world
}

#[test]
fn tools_are_listed_by_category_with_who_uses_them_and_where() {
    let world = shop();
    let text = world.run("estate", &["tools"]).ok().out;
    assert!(text.starts_with(LISTED), "{text}");
    let one = world.run("estate", &["tools", "error tracking"]).ok().out;
    assert!(one.contains("BugSnag") && !one.contains("Snyk"), "{one}");
    let none = world.run("estate", &["tools", "zeppelin"]);
    none.ends(1);
}

#[test]
fn tools_are_no_pieces_of_the_system() {
    let world = shop();
    let graph: Value =
        serde_json::from_str(&world.run("estate", &["export", "--as", "graph"]).ok().out).unwrap();
    assert!(graph["entities"].as_array().unwrap().iter().all(|entity| entity["name"] != "Sentry"), "{graph}");
    let list = world.run("estate", &["list"]).ok().out;
    assert!(!list.contains("Sentry"), "{list}");
    let tools = world.run("estate", &["list", "--type", "tool"]).ok().out;
    assert!(tools.contains("Sentry"), "{tools}");
    // The host that a service is reached at is the service.
    let stripe = world.run("estate", &["show", "api.stripe.com"]).ok().out;
    assert!(stripe.contains("tool:stripe") && stripe.contains("external"), "{stripe}");
}
