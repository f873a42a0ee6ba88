//! The rules of docs/ledger.md one by one, with outcomes written by hand; oracle and fold have to agree with each.

mod facts;
mod held;
mod pieces;

/// Names that most rules use.
mod names {
    pub(super) const CART: &str = "repo:git.test/a/shop//app#compose/cart";
    pub(super) const MOVED: &str = "repo:git.test/a/shop//moved#compose/cart";
    pub(super) const BILLING: &str = "repo:git.test/a/shop//app#compose/billing";
    pub(super) const MANIFEST: &str = "repo:git.test/b/ops//deploy#k8s/cart";
    pub(super) const HOST: &str = "host:cart.test";
    pub(super) const BLUE: &str = "team:git.test/a/blue";
    pub(super) const GREEN: &str = "team:git.test/a/green";
    pub(super) const SHOP: &str = "repo:git.test/a/shop@main";
    pub(super) const SHOP_DEV: &str = "repo:git.test/a/shop@dev";
    pub(super) const OPS: &str = "repo:git.test/b/ops@main";
    pub(super) const COMPOSE: &str = "collector:compose";
    pub(super) const GIT: &str = "collector:git";
    pub(super) const ANN: &str = "person:aa";
    pub(super) const BEN: &str = "person:bb";
}
