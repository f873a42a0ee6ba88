//! Each family on small files, as they lie side by side in a repository.
#![allow(clippy::unwrap_used)]

use super::*;

struct Nobody;

impl crate::People for Nobody {
    fn person(&self, _: &str, _: Option<&str>) -> Option<stave_model::Reference> {
        None
    }
}

fn endpoints(files: &[(&str, &str)]) -> Vec<String> {
    let read = |(path, text): &(&str, &str)| {
        let file = SourceFile::new(path, text);
        assert!(Endpoints::wants(path, &file.name()), "{path}");
        Some(((*path).to_owned(), Endpoints::read(&file).unwrap()?))
    };
    let facts = files.iter().filter_map(read).collect();
    let paths = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    let mut sketch = Sketch::new("host.dev/a/b", &Nobody, paths);
    Endpoints::link(facts, &mut sketch);
    sketch.endpoints.into_iter().map(|one| format!("{} @{}:{}", one.text, one.at.0, one.at.1)).collect()
}

#[test]
fn express_routers_are_mounted_across_files() {
    let app = "import express from 'express';\nimport { users as people } from './routes/users.js';\nconst app = express();\nconst V = '/api';\napp.use(`${V}/users`, auth, people);\napp.use('/items', require('./routes/items'));\napp.get('/health', (req, res) => res.send('ok'));\napp.get('trust proxy');\naxios.get('/x', y);\n";
    let users = "import { Router } from 'express';\nexport const users = Router();\nusers.get('/', list);\nusers.route('/:id').get(one).delete(gone);\n";
    let items = "module.exports = (app) => 1;\nconst router = require('express').Router();\nrouter.post(['/a', '/b'], add);\nrouter.get('/data', { a: 1 });\nmodule.exports = router;\n";
    assert_eq!(
        endpoints(&[("src/app.ts", app), ("src/routes/users.ts", users), ("src/routes/items.js", items)]),
        [
            "GET /health @src/app.ts:7",
            "GET /api/users @src/routes/users.ts:3",
            "GET /api/users/{id} @src/routes/users.ts:4",
            "DELETE /api/users/{id} @src/routes/users.ts:4",
            "POST /items/a @src/routes/items.js:3",
            "POST /items/b @src/routes/items.js:3",
        ]
    );
    let browser = "import { router } from '@inertiajs/react';\nrouter.post('/users', data, {});\nexpress;\n";
    assert!(endpoints(&[("a.tsx", browser)]).is_empty());
}

#[test]
fn fastify_koa_hono_and_nest_are_read() {
    let fastify = "module.exports = async function (fastify, opts) {\n  fastify.get('/x/:id', { schema }, async () => {});\n  fastify.route({ method: ['PUT', 'POST'], url: '/y', handler });\n};\n";
    let app =
        "const fastify = require('fastify')();\nfastify.register(require('./plug'), { prefix: '/v1' });\n";
    assert_eq!(
        endpoints(&[("app.js", app), ("plug.js", fastify)]),
        ["GET /v1/x/{id} @plug.js:2", "PUT /v1/y @plug.js:3", "POST /v1/y @plug.js:3"]
    );
    let koa = "const Router = require('koa-router');\nconst router = new Router({ prefix: '/k' });\nrouter.get('/a', h);\napp.use(router.routes());\n";
    assert_eq!(endpoints(&[("koa.js", koa)]), ["GET /k/a @koa.js:3"]);
    let hono = "const app = new Hono().basePath('/h');\nconst sub = new Hono<Env>();\nsub.get('/s', (c) => c.text('x'));\napp.route('/t', sub);\n";
    assert_eq!(endpoints(&[("hono.ts", hono)]), ["GET /h/t/s @hono.ts:3"]);
    let nest = "@Controller('cats')\nexport class Cats {\n  @Get() all() {}\n  @Post(':id/feed') feed(@Param('id') id: string) {}\n}\n@Controller({ path: 'dogs', version: '1' })\nclass Dogs { @Delete(['a', 'b']) x() {} }\n";
    assert_eq!(
        endpoints(&[("cats.controller.ts", nest)]),
        [
            "GET /cats @cats.controller.ts:3",
            "POST /cats/{id}/feed @cats.controller.ts:4",
            "DELETE /dogs/a @cats.controller.ts:7",
            "DELETE /dogs/b @cats.controller.ts:7",
        ]
    );
}

#[test]
fn flask_and_fastapi_routers_are_mounted_across_files() {
    let main = "from fastapi import FastAPI\nfrom app.api import users\nfrom .items import router as items_router\napp = FastAPI()\napp.include_router(users.router, prefix='/v1')\napp.include_router(items_router)\n@app.get('/health')\nasync def health(): ...\n";
    let users = "router = APIRouter(prefix='/users')\n@router.get('/{user_id:int}')\ndef one(): ...\n@router.post('')\ndef add(): ...\n";
    let items = "router = APIRouter(prefix='/items', tags=['x'])\n@router.api_route('/x', methods=['PUT'])\ndef x(): ...\n";
    assert_eq!(
        endpoints(&[("app/main.py", main), ("app/api/users.py", users), ("app/items.py", items)]),
        [
            "GET /health @app/main.py:7",
            "GET /v1/users/{user_id} @app/api/users.py:2",
            "POST /v1/users @app/api/users.py:4",
            "PUT /items/x @app/items.py:2",
        ]
    );
    let flask = "app = Flask(__name__)\nbp = Blueprint('b', __name__, url_prefix='/own')\n@bp.route('/<int:id>', methods=['GET', 'POST'])\ndef x(id): ...\n@app.route('/')\ndef root(): ...\napp.register_blueprint(bp, url_prefix='/api')\nclient.get('/not')\n";
    assert_eq!(
        endpoints(&[("app.py", flask)]),
        ["GET /api/{id} @app.py:3", "POST /api/{id} @app.py:3", "GET / @app.py:5"]
    );
}

#[test]
fn django_patterns_are_included_across_files() {
    let root = "urlpatterns = [\n    path('admin/', admin.site.urls),\n    path('shop/', include('shop.urls')),\n    re_path(r'^old/(?P<year>[0-9]{4})/$', old),\n    path('api/', include([path('ping/', ping)])),\n]\n";
    let shop = "router = DefaultRouter()\nrouter.register(r'orders', OrderViewSet)\nurlpatterns = [\n    path('', home),\n    path('<slug:name>/', one),\n    path('v1/', include(router.urls)),\n]\n";
    assert_eq!(
        endpoints(&[("site/urls.py", root), ("shop/urls.py", shop)]),
        [
            "/old/{year} @site/urls.py:4",
            "/api/ping @site/urls.py:5",
            "/shop @shop/urls.py:4",
            "/shop/{name} @shop/urls.py:5",
            "/shop/v1/orders @shop/urls.py:2",
            "/shop/v1/orders/{pk} @shop/urls.py:2",
        ]
    );
}

#[test]
fn go_groups_and_functions_are_followed() {
    let gin = "package main\nimport \"github.com/gin-gonic/gin\"\nfunc main() {\n\tr := gin.Default()\n\tr.GET(\"/ping\", ping)\n\tv1 := r.Group(\"/v1\")\n\tv1.POST(\"/orders/:id\", place)\n\tusers.Register(v1.Group(\"/users\"))\n}\n";
    let users = "package users\nimport \"github.com/gin-gonic/gin\"\nfunc Register(g *gin.RouterGroup) {\n\tg.GET(\"\", list)\n}\n";
    assert_eq!(
        endpoints(&[("main.go", gin), ("users/users.go", users)]),
        ["GET /ping @main.go:5", "POST /v1/orders/{id} @main.go:7", "GET /v1/users @users/users.go:4"]
    );
    let chi = "package main\nimport \"github.com/go-chi/chi/v5\"\nfunc routes() http.Handler {\n\tr := chi.NewRouter()\n\tr.Route(\"/a\", func(r chi.Router) {\n\t\tr.With(auth).Get(\"/{id}\", get)\n\t})\n\tr.Get(\"/b\", get)\n\tr.Mount(\"/c\", sub())\n\treturn r\n}\nfunc sub() http.Handler {\n\tr := chi.NewRouter()\n\tr.Get(\"/d\", get)\n\treturn r\n}\n";
    assert_eq!(
        endpoints(&[("chi.go", chi)]),
        ["GET /a/{id} @chi.go:6", "GET /b @chi.go:8", "GET /c/d @chi.go:14"]
    );
    let mux = "package main\nimport (\n\"net/http\"\n\"github.com/gorilla/mux\"\n)\nfunc f() {\n\tr := mux.NewRouter()\n\tapi := r.PathPrefix(\"/api\").Subrouter()\n\tapi.HandleFunc(\"/x/{id:[0-9]+}\", h).Methods(\"GET\", http.MethodPut)\n\thttp.HandleFunc(\"/plain\", h)\n\thttp.Handle(\"POST /new\", h)\n\tcache.Get(\"/no\", 1)\n}\n";
    assert_eq!(
        endpoints(&[("mux.go", mux)]),
        [
            "GET /api/x/{id} @mux.go:9",
            "PUT /api/x/{id} @mux.go:9",
            "/plain @mux.go:10",
            "POST /new @mux.go:11"
        ]
    );
}

#[test]
fn aspnet_controllers_and_minimal_apis_are_read() {
    let controller = "[ApiController]\n[Route(\"api/[controller]\")]\npublic class OrdersController : ControllerBase {\n  [HttpGet(\"{id:int}\")]\n  public IActionResult Get(int id) => Ok(items[id]);\n  [HttpPost]\n  [Authorize]\n  public IActionResult Add([FromBody] Order o) { return Ok(); }\n  [HttpGet, Route(\"~/all\")]\n  public IActionResult All() { return Ok(); }\n}\nclass Plain : Base { [HttpGet] public int X() { return 1; } }\n";
    assert_eq!(
        endpoints(&[("Orders.cs", controller)]),
        ["GET /api/Orders/{id} @Orders.cs:4", "POST /api/Orders @Orders.cs:6", "GET /all @Orders.cs:9"]
    );
    let program = "var app = builder.Build();\napp.MapGet(\"/ping\", () => 1);\nvar api = app.MapGroup(\"/api\").RequireAuthorization();\napi.MapPut(\"/x/{id}\", X);\napp.MapGroup(\"/v1\").MapOrders();\n";
    let orders = "public static class E { public static IEndpointRouteBuilder MapOrders(this IEndpointRouteBuilder routes) { routes.MapDelete(\"/orders/{id}\", Gone); return routes; } }\n";
    assert_eq!(
        endpoints(&[("Program.cs", program), ("E.cs", orders)]),
        ["GET /ping @Program.cs:2", "PUT /api/x/{id} @Program.cs:4", "DELETE /v1/orders/{id} @E.cs:1"]
    );
}

#[test]
fn rails_resources_and_sinatra_are_read() {
    let rails = "Rails.application.routes.draw do\n  root to: 'home#index'\n  namespace :api do\n    resources :orders, only: %i[index show] do\n      member do\n        post :pay\n      end\n      get :late, on: :collection\n      resources :items, only: [:create]\n    end\n  end\n  resource :cart, except: [:new, :edit,\n    :destroy]\n  get 'about', to: 'pages#about'\n  match '/x' => 'y#z', via: [:get, :post]\n  mount Engine => '/jobs'\nend\n";
    let found = endpoints(&[("config/routes.rb", rails)]);
    let found: Vec<&str> = found.iter().map(|text| text.split(" @").next().unwrap()).collect();
    assert_eq!(
        found,
        [
            "GET /",
            "GET /api/orders",
            "GET /api/orders/{id}",
            "POST /api/orders/{id}/pay",
            "GET /api/orders/late",
            "POST /api/orders/{order_id}/items",
            "POST /cart",
            "GET /cart",
            "PATCH /cart",
            "GET /about",
            "GET /x",
            "POST /x",
            "/jobs",
        ]
    );
    let sinatra = "require 'sinatra'\nget '/hi/:name' do\n  get 'x'\nend\n";
    assert_eq!(endpoints(&[("app.rb", sinatra)]), ["GET /hi/{name} @app.rb:2"]);
}

fn texts(files: &[(&str, &str)]) -> Vec<String> {
    endpoints(files).iter().map(|text| text.split(" @").next().unwrap().to_owned()).collect()
}

#[test]
fn axum_actix_and_rocket_are_read() {
    let main = "use axum::{Router, routing::get};\nmod users;\n#[tokio::main]\nasync fn main() {\n  let api = Router::new().route(\"/ping\", get(|| async { \"x\" })).nest(\"/users\", users::routes());\n  let app: Router = Router::new().nest(\"/api\", api).merge(Router::new().route(\"/health\", get(ok).head(ok)));\n}\n#[cfg(test)]\nmod tests { fn t() { Router::new().route(\"/test\", get(x)); } }\n";
    let users = "use axum::Router;\npub fn routes() -> Router<State> {\n  Router::new()\n    .route(\"/\", get(list).post(add))\n    .route(\"/{id}\", axum::routing::delete(gone))\n    .layer(x)\n}\n";
    assert_eq!(
        texts(&[("src/main.rs", main), ("src/users.rs", users)]),
        [
            "GET /api/ping",
            "GET /health",
            "HEAD /health",
            "GET /api/users",
            "POST /api/users",
            "DELETE /api/users/{id}"
        ]
    );
    let actix = "use actix_web::{web, App};\n#[get(\"/hi/{name}\")]\nasync fn hi() {}\nfn config(cfg: &mut web::ServiceConfig) {\n  cfg.service(web::scope(\"/v1\").service(hi).route(\"/x\", web::put().to(x)));\n  cfg.service(web::resource(\"/r\").route(web::get().to(a)).post(b));\n}\nasync fn main() { HttpServer::new(|| App::new().service(web::scope(\"/api\").configure(config))) }\n";
    assert_eq!(
        texts(&[("src/main.rs", actix)]),
        ["GET /api/v1/hi/{name}", "PUT /api/v1/x", "GET /api/r", "POST /api/r"]
    );
    let rocket = "#[macro_use] extern crate rocket;\n#[post(\"/orders/<id>?<late>\", data = \"<body>\")]\nfn add() {}\n#[get(\"/files/<path..>\")] fn files() {}\n#[launch] fn rocket() -> _ { rocket::build().mount(\"/api\", routes![add, files]) }\n";
    assert_eq!(texts(&[("src/main.rs", rocket)]), ["POST /api/orders/{id}", "GET /api/files/{path}"]);
}

#[test]
fn laravel_and_slim_are_read() {
    let api = "<?php\nuse Illuminate\\Support\\Facades\\Route;\nRoute::get('/users/{id?}', [UserController::class, 'show'])->name('u');\nRoute::middleware(['auth'])->prefix('admin')->group(function () {\n  Route::match(['get', 'post'], 'x', fn () => 1);\n  Route::group(['prefix' => 'deep'], function () { Route::any('/y', 'C@y'); });\n});\nRoute::apiResource('posts.comments', C::class)->only(['index', 'show']);\nRoute::redirect('/a', '/b');\n";
    assert_eq!(
        texts(&[("routes/api.php", api)]),
        [
            "GET /api/users/{id}",
            "GET /api/admin/x",
            "POST /api/admin/x",
            "/api/admin/deep/y",
            "GET /api/posts/{post}/comments",
            "GET /api/posts/{post}/comments/{comment}",
        ]
    );
    let slim = "<?php\n$app->group('/v1', function (Group $group) {\n  $group->get('/hi/{name}', Hi::class);\n});\n$app->get('settings', 1);\n$client->get('/x', []);\n";
    assert_eq!(texts(&[("public/index.php", slim)]), ["GET /v1/hi/{name}"]);
}

#[test]
fn files_of_next_are_routes() {
    for (path, text, want) in [
        (
            "web/src/app/api/(shop)/orders/[id]/route.ts",
            "export async function GET() {}\nexport const POST = f;\nexport const dynamic = 'x';\n",
            vec!["GET /api/orders/{id}", "POST /api/orders/{id}"],
        ),
        (
            "app/x/[[...rest]]/route.js",
            "export { h as GET, h as PUT };\n",
            vec!["GET /x/{rest}", "PUT /x/{rest}"],
        ),
        (
            "pages/api/orders/[...all].ts",
            "export default function handler(req, res) {}\n",
            vec!["/api/orders/{all}"],
        ),
        ("pages/api/index.js", "export default h;\n", vec!["/api"]),
        ("pages/orders.ts", "export default h;\n", vec![]),
    ] {
        assert_eq!(texts(&[(path, text)]), want, "{path}");
    }
}
