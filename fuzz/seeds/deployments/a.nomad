job "a" {
  group "b" {
    service {
      name = "c"
      connect { sidecar_service { proxy { upstreams { destination_name = "web" } } } }
    }
    task "d" {
      config { image = "x/a:1" }
      env { E_URL = "http://web:80" }
      template {
        data = <<EOH
{ x
EOH
      }
    }
    task "f" { lifecycle { hook = "prestart" } }
  }
}
