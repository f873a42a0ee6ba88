//! What a host name is by its form: this machine, a name of the cluster, a name on the internet.

/// What a host name is, before any name is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostForm {
    /// This machine.
    Loopback,
    /// A name of the cluster, the compose network or the registry.
    Local,
    /// A full name on the internet that the system talks to.
    External,
    /// A full name that says nothing: examples, schemas, registries of packages.
    Ignored,
}

const IGNORED_HOSTS: &[&str] = &[
    "w3.org",
    "json-schema.org",
    "schemastore.org",
    "xml.org",
    "xmlsoap.org",
    "sun.com",
    "jcp.org",
    "example.com",
    "example.org",
    "example.net",
    "opensource.org",
    "creativecommons.org",
    "gnu.org",
    "apache.org",
    "spdx.org",
    "npmjs.org",
    "npmjs.com",
    "pypi.org",
    "crates.io",
    "rubygems.org",
    "maven.org",
    "golang.org",
    "yarnpkg.com",
    "nuget.org",
    "githubusercontent.com",
    "docker.io",
    "docker.com",
    "quay.io",
    "gcr.io",
    "ghcr.io",
    "readthedocs.io",
    "readthedocs.org",
    "shields.io",
    "springframework.org",
    "spring.io",
    "jitpack.io",
    "gradle.org",
    "hibernate.org",
    "microsoft.com",
    "jakarta.ee",
    "openapis.org",
    "swagger.io",
    "yourdomain.com",
    "domain.com",
    "your-domain.com",
    "mycompany.com",
    "company.com",
    "acme.com",
    "foo.com",
    "test.com",
    "k8s.io",
    "kubernetes.io",
    "nodejs.org",
    "rust-lang.org",
    "python.org",
    "pkg.dev",
    "fonts.gstatic.com",
    "fonts.googleapis.com",
    "schema.org",
    "nip.io",
    "sslip.io",
];

/// Last labels that no public name has.
const LOCAL_ENDS: &[&str] = &[
    "local",
    "internal",
    "localdomain",
    "lan",
    "home",
    "corp",
    "intranet",
    "svc",
    "test",
    "example",
    "invalid",
    "localhost",
    "cluster",
    "consul",
    "service",
    "default",
    "docker",
    "arpa",
];

/// Endings of file names, class names and settings that look like a host.
const NO_HOST_ENDS: &[&str] = &[
    "yml",
    "yaml",
    "json",
    "xml",
    "properties",
    "js",
    "ts",
    "jsx",
    "tsx",
    "html",
    "css",
    "png",
    "svg",
    "jpg",
    "txt",
    "md",
    "go",
    "java",
    "class",
    "jar",
    "war",
    "zip",
    "gz",
    "tgz",
    "log",
    "conf",
    "cfg",
    "ini",
    "toml",
    "lock",
    "env",
    "sql",
    "key",
    "crt",
    "pem",
    "exe",
    "dll",
    "cs",
    "csproj",
    "proto",
    "sock",
    "db",
    "tmpl",
    "name",
    "version",
    "enabled",
    "type",
];

/// Last labels that names without scheme and port have: others are mostly no hosts (`system.out`).
const COMMON_ENDS: &[&str] = &[
    "com", "org", "net", "io", "dev", "app", "cloud", "ai", "co", "eu", "de", "uk", "us", "fr", "nl", "ch",
    "at", "gov", "edu", "info", "biz", "me", "tv", "it", "es", "pl", "se", "no", "fi", "dk", "be", "cz",
    "pt", "ie", "ca", "au", "nz", "in", "jp", "cn", "kr", "br", "mx", "ru", "ua", "tr", "za", "sg", "hk",
    "tech", "online", "site", "xyz", "gg", "so", "sh", "to", "ms",
];

/// Namespaces that every cluster may have: they qualify no name.
const COMMON_NAMESPACES: &[&str] = &[
    "default",
    "kube-system",
    "kube-public",
    "dev",
    "development",
    "test",
    "testing",
    "staging",
    "stage",
    "prod",
    "production",
    "qa",
    "uat",
    "app",
    "apps",
    "services",
    "backend",
    "frontend",
    "monitoring",
    "ingress",
    "infra",
    "system",
    "database",
    "db",
    "demo",
    "example",
];

/// `host:NAME.NAMESPACE.svc.cluster.local`, by which a service of a cluster is known in every repository, if the
/// namespace says more than that it is one.
pub(crate) fn cluster_key(name: &str, namespace: &str) -> Option<stave_model::Key> {
    let is_label = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let tells = is_label(name) && is_label(namespace) && !COMMON_NAMESPACES.contains(&namespace);
    tells.then(|| format!("host:{name}.{namespace}.svc.cluster.local").to_ascii_lowercase().parse().ok())?
}

/// The key of a host name of that form.
pub(crate) fn cluster_key_of(host: &str) -> Option<stave_model::Key> {
    let mut labels = host.split('.');
    let (name, namespace, svc) = (labels.next()?, labels.next()?, labels.next()?);
    (svc == "svc").then(|| cluster_key(name, namespace))?
}

/// Whether a name without scheme and port ends like a public one.
pub(crate) fn has_common_end(host: &str) -> bool {
    host.rsplit('.').next().is_some_and(|end| COMMON_ENDS.contains(&end))
}

/// What a host name is.
pub(crate) fn host_form(host: &str) -> HostForm {
    if matches!(
        host,
        "localhost" | "host.docker.internal" | "docker.for.mac.localhost" | "kubernetes.docker.internal"
    ) || host.ends_with(".localhost")
    {
        return HostForm::Loopback;
    }
    let Some((front, end)) = host.rsplit_once('.') else { return HostForm::Local };
    if host.ends_with(".svc.cluster.local") || host.contains(".svc.") || LOCAL_ENDS.contains(&end) {
        return HostForm::Local;
    }
    let is_label = end.len() >= 2 && end.chars().all(|c| c.is_ascii_alphabetic()) && end.len() <= 18;
    if !is_label || NO_HOST_ENDS.contains(&end) {
        return HostForm::Local;
    }
    // Class and package names are written the other way round.
    if ["com.", "org.", "io.", "net.", "java.", "javax.", "dev."].iter().any(|start| host.starts_with(start))
        && front.contains('.')
    {
        return HostForm::Ignored;
    }
    if IGNORED_HOSTS
        .iter()
        .any(|name| host == *name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')))
        || ["docs.", "schemas.", "help.", "badge.", "img."].iter().any(|start| host.starts_with(start))
    {
        return HostForm::Ignored;
    }
    HostForm::External
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_hosts() {
        for (host, form) in [
            ("localhost", HostForm::Loopback),
            ("redis", HostForm::Local),
            ("orders.shop.svc.cluster.local", HostForm::Local),
            ("smtp.gmail.com", HostForm::External),
            ("www.w3.org", HostForm::Ignored),
            ("org.springframework.web", HostForm::Ignored),
            ("application.yml", HostForm::Local),
            ("api.example.com", HostForm::Ignored),
        ] {
            assert_eq!(host_form(host), form, "{host}");
        }
    }
}
