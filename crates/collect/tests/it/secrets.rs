//! No value that could be a secret reaches a claim, a warning or a reference.

use crate::support::Folder;

const SECRET: &str = "hunter2Zq9";

#[test]
fn no_secret_reaches_a_claim_or_warning() {
    let s = SECRET;
    let files: Vec<(&str, String)> = vec![
        (
            "compose.yaml",
            format!(
                "services:\n  web:\n    image: \"user:{s}@registry.example/acme/web\"\n    build: web\n    environment:\n      DB_URL: postgres://app:{s}@db:5432/x?sslkey={s}\n      ODD_URL: amqp://app:a/{s}@mq:5672\n      ODDER_URL: amqp://app:a@{s}/b@mq:5672\n      API_TOKEN: http://{s}:80\n      SECRET_HOST_KEY: {s}\n      TOKEN_URL: https://auth.provider-site.com/{s}?token={s}\n      CONN: Server=sql;User Id=sa;Password={s}\n      HOOK: https://hooks.chat-site.com/services/{s}\n      KEY: |\n        -----BEGIN RSA PRIVATE KEY-----\n        {s}\n        -----END RSA PRIVATE KEY-----\n    env_file: secrets.env\n    command: [\"--password={s}\", \"--dsn=mysql://root:{s}@db2:3306/x\"]\n"
            ),
        ),
        (
            "secrets.env",
            format!(
                "AWS_SECRET_ACCESS_KEY={s}\nREDIS_URL=redis://:{s}@cache:6379\nPASSWORD={s}:8080\nGH_TOKEN=ghp_{s}{s}{s}{s}\n"
            ),
        ),
        (".env", format!("DB_PASSWORD={s}\n")),
        (
            "web/Dockerfile",
            format!("FROM node\nENV NPM_TOKEN={s} REGISTRY_URL=https://u:{s}@npm.host-site.com/\nCMD x\n"),
        ),
        (
            "k8s/a.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{URL: \"http://{s}:80\"}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec: {{template: {{metadata: {{labels: {{app: w}}}}, spec: {{containers: [{{name: c, image: acme/web, env: [{{name: P, value: \"http://u:{s}@x:80\"}}, {{name: ADMIN_PASSWORD, value: \"{s}:80\"}}]}}]}}}}}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m}}\ndata: {{DB: \"mongodb://u:{s}@mongo/x\"}}\n"
            ),
        ),
        (
            "web/src/main/resources/application.yml",
            format!(
                "spring:\n  datasource: {{url: \"jdbc:mysql://db3:3306/x?password={s}\", password: {s}}}\n  application: {{name: web}}\n  mail: {{host: smtp.mail-site.com, username: {s}, password: {s}}}\n"
            ),
        ),
        ("web/src/main/resources/more.properties", format!("a.url=http://u:{s}@y:80/{s}\nb.secret={s}\n")),
        (
            "web/appsettings.json",
            format!(
                "{{\"ConnectionStrings\": {{\"Db\": \"Host=pg;Username=u;Password={s}\"}}, \"ApiKey\": \"{s}:80\"}}"
            ),
        ),
        (
            "catalog-info.yaml",
            format!(
                "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: cat\n  description: \"login https://u:{s}@wiki-site.com/?t={s} token ghp_{s}{s}{s}\"\n  links: [{{url: \"https://u:{s}@dash-site.com/x?k={s}#{s}\"}}]\nspec: {{type: service, owner: \"user:default/u\"}}\n"
            ),
        ),
        (
            "web/package.json",
            format!(
                "{{\"name\": \"web\", \"description\": \"see http://u:{s}@h/x\", \"scripts\": {{\"start\": \"TOKEN={s} node .\"}}, \"_authToken\": \"{s}\"}}"
            ),
        ),
        (
            "pem.yaml",
            format!(
                "services:\n  k:\n    image: acme/k\n    x: \"-----BEGIN PRIVATE KEY----- {s}\"\n   broken: {s}\n"
            ),
        ),
        (
            "nginx.conf",
            format!("proxy_pass http://u:{s}@app:80;\nproxy_set_header Authorization \"Bearer {s}\";\n"),
        ),
        ("Cargo.toml", format!("[package]\nname = \"x\"\ndescription = \"-----BEGIN {s}\"\n")),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let folder = Folder::new(&files);
    let tree = folder.tree();
    let all = format!("{:?} {:?} {:?}", tree.parts, tree.warnings, tree.unread);
    let lower = SECRET.to_lowercase();
    assert!(!all.to_lowercase().contains(&lower), "{}", {
        let at = all.to_lowercase().find(&lower).unwrap_or(0);
        all[at.saturating_sub(200)..(at + 60).min(all.len())].to_owned()
    });
    for found in ["db", "db3", "cache", "smtp.mail-site.com"] {
        assert!(all.contains(found), "{found} was found in spite of its secret");
    }
}
