//! Broken and hostile trees: one warning each, and the scan goes on.

use stave_collect::{Quiet, limits::Limits, scan};

use crate::support::{Directory, Folder, claims, options, pieces, set};

const GOOD: (&str, &str) = ("compose.yaml", "services: {web: {image: acme/web}}\n");

fn warned(tree: &stave_collect::TreeScan, path: &str) -> (Option<u32>, String) {
    let found: Vec<_> = tree.warnings.iter().filter(|warning| warning.path == path).collect();
    assert_eq!(found.len(), 1, "{path}: {:?}", tree.warnings);
    (found[0].line, found[0].what.clone())
}

fn unread(tree: &stave_collect::TreeScan, author: &str) -> Vec<String> {
    tree.parts.iter().find(|part| part.author.as_str() == author).unwrap().unread.clone()
}

#[test]
fn a_broken_file_is_one_warning_with_its_line_and_unread_for_its_reader_only() {
    let tree =
        Folder::new(&[GOOD, ("deploy/compose.yml", "services:\n  a:\n    image: x\n   bad: [\n")]).tree();
    let (line, what) = warned(&tree, "deploy/compose.yml");
    assert!(line.is_some_and(|line| line >= 3) && what.contains("YAML"), "{line:?} {what}");
    assert_eq!(unread(&tree, "collector:compose"), ["deploy/compose.yml"]);
    assert!(unread(&tree, "collector:kubernetes").is_empty());
    assert_eq!(pieces(&tree), set(&["web: service"]));
}

#[cfg(unix)]
#[test]
fn links_out_of_the_tree_are_not_followed() {
    let outside = Folder::new(&[
        ("compose.yaml", "services: {leak: {image: acme/leak}}\n"),
        ("secret.env", "A_URL=http://leak:80\n"),
    ]);
    let folder = Folder::new(&[GOOD]);
    std::os::unix::fs::symlink(&outside.path, folder.path.join("deploy")).unwrap();
    std::os::unix::fs::symlink(outside.path.join("compose.yaml"), folder.path.join("docker-compose.yml"))
        .unwrap();
    folder.write("app/compose.yaml", b"services: {app: {image: acme/app, env_file: [../../shop2/secret.env, /etc/passwd], extends: {file: /etc/x, service: y}, build: ../../..}}\n");
    std::os::unix::fs::symlink("/dev/zero", folder.path.join("zero.yaml")).unwrap();
    let tree = folder.tree();
    assert_eq!(pieces(&tree), set(&["web: service", "app: service"]));
    folder.commit_all();
    assert!(!folder.tree().is_work, "links are compared by where they point");
}

#[test]
fn bombs_depth_and_size_have_limits() {
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (name, previous) in
        ["b", "c", "d", "e", "f", "g", "h"].iter().zip(["a", "b", "c", "d", "e", "f", "g"])
    {
        bomb.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{previous}"); 10].join(", ")));
    }
    bomb.push_str("services: {x: {image: y}}\n");
    let deep = format!("services:\n  x: {}{}\n", "[".repeat(200), "]".repeat(200));
    let folder = Folder::new(&[
        GOOD,
        ("b/compose.yml", &bomb),
        ("d/compose.yml", &deep),
        ("j/package.json", &"[".repeat(10_000)),
    ]);
    let big = format!("services: {{x: {{image: y}}}}\n#{}", "x".repeat(5 * 1024 * 1024));
    folder.write("l/compose.yml", big.as_bytes());
    let tree = folder.tree();
    assert!(warned(&tree, "b/compose.yml").1.contains("alias"));
    assert!(warned(&tree, "d/compose.yml").1.len() > 5);
    assert!(warned(&tree, "j/package.json").1.contains("deeper"));
    assert!(warned(&tree, "l/compose.yml").1.contains("limit"));
    for path in ["b/compose.yml", "d/compose.yml", "l/compose.yml"] {
        assert!(unread(&tree, "collector:compose").contains(&path.to_owned()), "{path}");
    }
    assert_eq!(pieces(&tree), set(&["web: service"]));
}

#[test]
fn other_encodings_are_read_or_said() {
    let folder = Folder::new(&[GOOD]);
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("services: {wide: {image: acme/wide}}\n".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    folder.write("u/compose.yml", &utf16);
    folder.write("b/compose.yml", b"\xef\xbb\xbfservices: {bom: {image: acme/bom}}\n");
    folder.write("l/compose.yml", b"services:\n  caf\xe9: {image: acme/cafe}\n");
    let tree = folder.tree();
    assert_eq!(pieces(&tree), set(&["web: service", "wide: service", "bom: service"]));
    assert_eq!(warned(&tree, "l/compose.yml").0, Some(2));
    assert_eq!(unread(&tree, "collector:compose"), ["l/compose.yml"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_not_utf8_is_one_warning() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new(&[GOOD]);
    std::fs::write(
        folder.path.join(std::ffi::OsStr::from_bytes(b"caf\xe9.yaml")),
        "services: {x: {image: y}}",
    )
    .unwrap();
    std::fs::write(folder.path.join("line\nbreak.yaml"), "services: {x: {image: y}}").unwrap();
    let tree = folder.tree();
    assert!(warned(&tree, "caf\u{fffd}.yaml").1.contains("UTF-8"));
    assert!(warned(&tree, "line\u{fffd}break.yaml").1.contains("control"));
    assert_eq!(tree.unread, ["caf\u{fffd}.yaml", "line\u{fffd}break.yaml"]);
    assert_eq!(pieces(&tree), set(&["web: service"]));
}

#[test]
fn names_that_would_break_references_are_left_out() {
    let tree = Folder::new(&[("a#b%c/compose.yaml", "services:\n  \"x\\ny\": {image: a}\n  \"${X}\": {image: b}\n  \"\": {image: c}\n  ok: {image: acme/ok}\n")]).tree();
    assert_eq!(pieces(&tree), set(&["ok: service"]));
    assert!(claims(&tree).iter().any(|claim| claim.of.as_str().contains("//a%23b%25c#compose/ok")));
}

#[test]
fn the_trees_own_settings_do_little_and_unknown_ones_warn() {
    let tree = Folder::new(&[
        GOOD,
        ("stave.toml", "name = \"x\"\n[hooks]\nrun = \"rm\"\n[scan]\nfollow_links = true\n"),
    ])
    .tree();
    let lines: Vec<Option<u32>> = tree
        .warnings
        .iter()
        .filter(|warning| warning.path == "stave.toml")
        .map(|warning| warning.line)
        .collect();
    assert_eq!(lines, [Some(2), Some(5)]);
}

#[test]
fn limits_of_depth_files_and_bytes_are_said() {
    let folder = Folder::new(&[
        GOOD,
        ("a/b/c/d/compose.yaml", "services: {deep: {image: x}}\n"),
        ("a/compose.yaml", "services: {mid: {image: x}}\n"),
    ]);
    let with = |limits: Limits| {
        let mut options = options();
        options.limits = limits;
        scan(std::slice::from_ref(&folder.path), &options, &Directory, &Quiet).unwrap().trees.remove(0)
    };
    let tree = with(Limits { folder_depth: 3, ..Limits::default() });
    assert!(tree.unread.contains(&"a/b/c/".to_owned()), "{:?}", tree.unread);
    assert!(warned(&tree, "a/b/c").1.contains("deeper"));
    let tree = with(Limits { files: 2, ..Limits::default() });
    assert!(tree.warnings.iter().any(|warning| warning.what.contains("more than 2 files")));
    assert!(!tree.unread.is_empty());
    let tree = with(Limits { tree_bytes: 40, ..Limits::default() });
    assert!(tree.warnings.iter().any(|warning| warning.what.contains("limit of 40 bytes")));
}

#[test]
fn the_number_of_threads_and_the_order_of_folders_change_nothing() {
    let files: Vec<(String, String)> = (0..60)
        .map(|n| (format!("svc{n}/compose.yaml"), format!("services:\n  s{n}:\n    image: acme/s{n}\n    environment: {{NEXT_URL: \"http://s{}:80\"}}\n", (n + 1) % 60)))
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let folder = Folder::new(&files);
    let with = |threads: usize| {
        let mut options = options();
        options.threads = threads;
        let tree =
            scan(std::slice::from_ref(&folder.path), &options, &Directory, &Quiet).unwrap().trees.remove(0);
        format!("{:?} {:?}", tree.parts, tree.warnings)
    };
    let one = with(1);
    for threads in [2, 3, 8] {
        assert_eq!(with(threads), one);
    }
}

#[test]
fn what_is_no_folder_is_refused() {
    let folder = Folder::new(&[GOOD]);
    for (path, text) in [
        (folder.path.join("nowhere"), "can't be scanned"),
        (folder.path.join("compose.yaml"), "is no folder"),
    ] {
        let error = scan(&[path], &options(), &Directory, &Quiet).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn a_git_folder_that_is_none_is_warned_of() {
    let folder = Folder::new(&[GOOD, (".git/HEAD", "garbage")]);
    let tree = folder.tree();
    assert!(tree.warnings.iter().any(|warning| warning.path == ".git"), "{:?}", tree.warnings);
    assert_eq!(pieces(&tree), set(&["web: service"]));
}

#[test]
fn braces_in_quotes_make_no_template_of_a_broken_file() {
    let broken = "services:\n  web:\n    command: \"{{ x }}\" # {{ y }}\n   api: [\n";
    let tree = Folder::new(&[GOOD, ("deploy/compose.yml", broken)]).tree();
    warned(&tree, "deploy/compose.yml");
    assert_eq!(unread(&tree, "collector:compose"), ["deploy/compose.yml"]);
    let template = "services:\n{{ if .x }}\n  web: {image: a/b}\n{{ end }}\n";
    let tree = Folder::new(&[GOOD, ("deploy/compose.yml", template)]).tree();
    assert!(tree.warnings.iter().all(|warning| warning.path != "deploy/compose.yml"), "{:?}", tree.warnings);
}
