use axum::{Router, routing::get};
pub fn routes() -> Router {
    Router::new().route("/orders/{id}", get(one).delete(gone)).nest("/items", items::routes())
}
