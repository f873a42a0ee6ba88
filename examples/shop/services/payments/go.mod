module git.leafcup.test/shop/payments

go 1.19

require github.com/twmb/franz-go v1.13.6
