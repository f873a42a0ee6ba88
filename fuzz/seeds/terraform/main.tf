resource "aws_sqs_queue" "q" {
  name = "q" # c
}
locals {
  e = { Q = aws_sqs_queue.q.url }
}
resource "aws_lambda_function" "f" {
  environment {
    variables = merge(local.e, { A = "b" })
  }
  x = <<EOF
}
EOF
}
module "db" {
  source = "terraform-aws-modules/rds/aws"
}
