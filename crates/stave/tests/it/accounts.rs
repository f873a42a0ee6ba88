//! Users and tokens on the command line, and the server that they open.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use crate::first_minutes::Board;
use crate::world::{Ran, World};

#[test]
fn the_first_account_of_a_server_had_no_ledger_to_stand_in() {
    let world = World::new();
    let folder = world.path("empty");
    std::fs::create_dir_all(&folder).unwrap();
    let at = folder.to_str().unwrap();
    // Where nobody said where, none is made: it would be a ledger in whatever folder this happens to be.
    world.run("empty", &["user", "add", "ada@leafcup.test"]).ends(2);
    world.run(".", &["--ledger", at, "user", "add", "ada@leafcup.test", "--role", "admin"]).ok();
    let users = world.run(".", &["--ledger", at, "user", "list"]).ok().out;
    assert!(users.contains("ada@leafcup.test"), "{users}");
    world.run(".", &["--ledger", at, "doctor"]).ok();
}

#[test]
fn a_user_is_added_listed_changed_and_removed() {
    let world = World::new();
    world.tea();
    let added =
        world.run("tea", &["user", "add", "Ada@Leafcup.test", "--name", "Ada", "--role", "admin"]).ok();
    let password = added.out.trim();
    assert_eq!((password.len(), added.out.lines().count()), (24, 1), "{added:?}");
    assert!(added.err.contains("ada@leafcup.test, admin") && !added.err.contains(password), "{added:?}");
    let twice = world.run("tea", &["user", "add", "ada@leafcup.test"]).ends(2);
    assert!(twice.err.contains("there is a user ada@leafcup.test already"), "{}", twice.err);
    world.run("tea", &["user", "add", "tea@leafcup.test", "--no-password"]).ok();

    let list = world.run("tea", &["user", "list"]).ok().out;
    assert!(list.lines().next().unwrap().starts_with("ada@leafcup.test  admin "), "{list}");
    assert!(list.contains("signs in elsewhere"), "{list}");
    let json = world.ask("tea", &["user", "list"]);
    assert_eq!(
        (&json["users"][0]["role"], &json["users"][1]["has_password"]),
        (&"admin".into(), &false.into())
    );
    assert!(!json.to_string().contains("argon2") && !json.to_string().contains(password), "{json}");
    // They speak in the name that they have on their own command line.
    world.run("tea", &["say", "cart", "tier", "1", "--as", "ada@leafcup.test"]).ok();
    assert!(
        world.run("tea", &["log", "--json"]).ok().out.contains(json["users"][0]["person"].as_str().unwrap())
    );

    assert_eq!(
        world.ask("tea", &["user", "role", "ada@leafcup.test", "viewer"])["changed"],
        "ada@leafcup.test"
    );
    assert!(world.run("tea", &["user", "list"]).ok().out.contains("viewer"));
    world.run("tea", &["user", "role", "ada@leafcup.test", "king"]).ends(2);
    world.run("tea", &["user", "remove", "ada@leafcup.test"]).ok();
    for gone in [&["user", "remove", "ada@leafcup.test"][..], &["user", "role", "ada@leafcup.test", "admin"]]
    {
        let ran = world.run("tea", gone).ends(1);
        assert!(ran.err.contains("there is no user ada@leafcup.test"), "{}", ran.err);
    }
}

#[test]
fn a_password_is_read_from_standard_input() {
    let world = World::new();
    world.tea();
    let add = |password: &str| {
        let mut command = world.command("tea", &["user", "add", "ada@leafcup.test", "--password-stdin"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        Ran::of(&child.wait_with_output().unwrap())
    };
    for bad in ["", "\n", "short\n", &"a".repeat(5_000)] {
        let ran = add(bad).ends(2);
        assert!(ran.err.contains("a password takes 12 to 1024 bytes"), "{}", ran.err);
    }
    assert_eq!(add("correct horse battery\n").ok().out, "");
}

#[test]
fn json_has_no_secret_in_it() {
    let world = World::new();
    world.tea();
    for verb in [&["token", "add", "ci"][..], &["user", "add", "ada@leafcup.test"]] {
        let refused = world.run("tea", &[verb, &["--json"]].concat()).ends(2);
        assert!(refused.err.contains("JSON never has a secret in it"), "{}", refused.err);
    }
    assert_eq!(world.ask("tea", &["token", "list"])["tokens"].as_array().unwrap().len(), 0);

    let told = world.ask("tea", &["token", "add", "ci", "--secret-file", "../ci.token"]);
    assert_eq!((&told["added"]["name"], &told["secret_file"]), (&"ci".into(), &"../ci.token".into()));
    let secret = fs::read_to_string(world.path("ci.token")).unwrap();
    assert!(secret.starts_with("stave_") && secret.len() == 71, "{secret}");
    assert_eq!(fs::metadata(world.path("ci.token")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!told.to_string().contains(secret.trim()));
    // A file that is there is not written over, and nothing is made for it.
    world.run("tea", &["token", "add", "other", "--secret-file", "../ci.token"]).ends(2);
    // What can't be made leaves no file.
    world.run("tea", &["token", "add", "ci", "--secret-file", "../twice.token"]).ends(2);
    assert!(!world.path("twice.token").exists());
    assert_eq!(world.ask("tea", &["token", "list"])["tokens"].as_array().unwrap().len(), 1);
    let list = world.run("tea", &["token", "list"]).ok().out;
    assert_eq!(list, "ci  never ends  reads\n");
    let exported = world.run("tea", &["export"]).ok().out;
    let hash = stave_model::hash_bytes(secret.trim().as_bytes()).to_string();
    assert!(!exported.contains(secret.trim()) && !exported.contains(&hash));
}

#[test]
fn a_token_says_in_whose_name_of_what_until_when() {
    let world = World::new();
    world.tea();
    let add = |more: &[&str]| world.run("tea", &[&["token", "add", "ci"], more].concat());
    for (bad, why) in [
        (&["--author", "collector:*"][..], "names both its authors and its scopes"),
        (&["--author", "person:*", "--scope-prefix", "*"], "several people"),
        (&["--author", "*", "--scope-prefix", "*"], "is no author"),
        (&["--author", "collector:*", "--scope-prefix", "git.example.com"], "is no beginning of a scope"),
        (&["--until", "yesterday"], "is no age and no day"),
        (&["--until", "2020-01-31"], "is over"),
    ] {
        let ran = add(bad).ends(2);
        assert!(ran.err.contains(why), "{}", ran.err);
    }
    add(&[
        "--author",
        "collector:*",
        "--author",
        "Ada@leafcup.test",
        "--scope-prefix",
        "repo:x/y",
        "--until",
        "90d",
    ])
    .ok();
    let json = world.ask("tea", &["token", "list"]);
    let token = &json["tokens"][0];
    assert!(token["authors"][1].as_str().unwrap().starts_with("person:"), "{json}");
    assert!(token["until"].as_str().is_some_and(|until| until > "2026"), "{json}");
    assert_eq!(world.run("tea", &["token", "remove", "ci"]).ok().out, "ci: Removed\n");
    world.run("tea", &["token", "remove", "ci"]).ends(1);
}

#[test]
fn a_server_for_others_needs_an_account_first() {
    let world = World::new();
    world.tea();
    for beyond in [&["--listen", "0.0.0.0"][..], &["--host", "stave.example.com"]] {
        let refused = world.run("tea", &[&["serve", "--port", "0"], beyond].concat()).ends(2);
        assert!(refused.err.contains("nobody has an account here"), "{}", refused.err);
        assert!(refused.err.contains("hint: stave user add ADDRESS --role admin"), "{}", refused.err);
    }
    assert!(world.run("tea", &["serve", "--listen", "nowhere"]).ends(2).err.contains("is no address"));

    world.run("tea", &["user", "add", "ada@leafcup.test"]).ok();
    let token = world.run("tea", &["token", "add", "monitor"]).ok().out;
    let board =
        Board::start(&world, "tea", &["serve", "--listen", "127.0.0.1:0", "--host", "stave.example.com"]);
    assert!(!board.printed().contains("?key="), "{}", board.printed());
    assert!(board.get("/").starts_with("HTTP/1.1 303 ") && board.get("/login").contains("Sign in"));
    let ask = |path: &str, header: &str| {
        let mut stream = TcpStream::connect(board.address()).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: stave.example.com\r\nConnection: close\r\n{header}\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(ask("/metrics", &format!("Authorization: Bearer {}", token.trim())).starts_with("HTTP/1.1 200 "));
    assert!(ask("/metrics", "Accept: */*").starts_with("HTTP/1.1 401 "));
}

#[test]
fn who_is_forgotten_has_no_account() {
    let world = World::new();
    world.tea();
    world.run("tea", &["user", "add", "ada@leafcup.test", "--name", "Ada Lovelock"]).ok();
    world.run("tea", &["token", "add", "hers", "--author", "ada@leafcup.test", "--scope-prefix", "*"]).ok();
    world.run("tea", &["token", "add", "other"]).ok();
    world.run("tea", &["forget", "ada@leafcup.test", "--yes"]).ok();
    assert_eq!(world.ask("tea", &["user", "list"])["users"].as_array().unwrap().len(), 0);
    assert_eq!(world.run("tea", &["token", "list"]).ok().out, "other  never ends  reads\n");
}

#[test]
fn people_can_sign_in_elsewhere() {
    let world = World::new();
    world.tea();
    let serve = |variables: &[(&str, &str)]| {
        let mut command = world.command("tea", &["serve", "--port", "0"]);
        Ran::of(&command.envs(variables.iter().copied()).output().unwrap()).ends(2).err
    };
    let issuer = ("STAVE_OIDC_ISSUER", "https://login.example.com");
    assert!(
        serve(&[issuer]).contains("oidc.issuer needs oidc.client_id") || serve(&[issuer]).contains("secret")
    );
    let client = ("STAVE_OIDC_CLIENT_ID", "stave");
    assert!(serve(&[issuer, client]).contains("hint: put it into a file"));
    let file = ("STAVE_OIDC_SECRET_FILE", "../nowhere");
    assert!(serve(&[issuer, client, file]).contains("../nowhere (oidc.secret_file) can't be read"));
    let open = ("STAVE_OIDC_ISSUER", "http://login.example.com");
    let (secret, url) =
        (("STAVE_OIDC_SECRET", "s3cret-of-the-client"), ("STAVE_OIDC_URL", "https://stave.example.com"));
    let refused = serve(&[open, client, secret, url]);
    assert!(refused.contains("is no https:// address") && !refused.contains(secret.1), "{refused}");

    // With a provider nobody reads without signing in, though there is no user yet, and the name is ours.
    world.write("secret", "s3cret-of-the-client\n");
    world.write(
        "home/.config/stave/config.toml",
        "[oidc]\nissuer = \"http://127.0.0.1:9\"\nclient_id = \"stave\"\nsecret_file = \"../secret\"\n\
         url = \"https://stave.example.com\"\ndomains = \"leafcup.test\"\n",
    );
    let listed = world.run("tea", &["config", "list", "--origins"]).ok().out;
    assert!(listed.contains("oidc.issuer") && !listed.contains("s3cret"), "{listed}");
    let secret_file = world.path("secret");
    fs::set_permissions(&secret_file, fs::Permissions::from_mode(0o644)).unwrap();
    let board = Board::start(&world, "tea", &["serve", "--port", "0"]);
    let (_, told) = board.interrupt();
    assert!(told.contains("anybody can read this secret") && !told.contains("s3cret"), "{told}");
    fs::set_permissions(&secret_file, fs::Permissions::from_mode(0o640)).unwrap();
    let board = Board::start(&world, "tea", &["serve", "--port", "0"]);
    assert!(!board.printed().contains("?key="), "{}", board.printed());
    assert!(board.get("/").starts_with("HTTP/1.1 303 ") && board.get("/login").contains("Sign in with"));
    let unreachable = board.get("/login/oidc");
    assert!(
        unreachable.starts_with("HTTP/1.1 401 ") && unreachable.contains("gives no good answer"),
        "{unreachable}"
    );
    let (_, told) = board.interrupt();
    assert!(!told.contains("anybody can read"), "{told}");
}
