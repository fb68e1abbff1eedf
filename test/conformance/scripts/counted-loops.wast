;; Loops with a counter, a constant step and a bound: what metering may treat as a whole.
(module
  (memory (export "memory") 1)
  (global $bound (mut i32) (i32.const 300))
  (func (export "up") (param $from i32) (param $to i32) (result i32)
    (local $turns i32)
    (loop $l
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.lt_s
        (local.tee $from (i32.add (local.get $from) (i32.const 1))) (local.get $to))))
    (local.get $turns))
  (func (export "up-unsigned") (param $from i32) (param $to i32) (result i32)
    (local $turns i32)
    (loop $l
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.lt_u
        (local.tee $from (i32.add (local.get $from) (i32.const 4))) (local.get $to))))
    (local.get $turns))
  (func (export "down") (param $from i32) (result i32)
    (local $turns i32)
    (loop $l
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (local.tee $from (i32.sub (local.get $from) (i32.const 1)))))
    (local.get $turns))
  (func (export "until-equal") (param $from i32) (param $to i32) (param $limit i32) (result i32)
    (local $turns i32)
    (loop $l
      (if (i32.ge_u (local.get $turns) (local.get $limit)) (then (return (i32.const -1))))
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if $l (i32.ne
        (local.tee $from (i32.add (local.get $from) (i32.const 8))) (local.get $to))))
    (local.get $turns))
  (func (export "global-bound") (result i32)
    (local $i i32)
    (loop $l
      (i32.store8 (local.get $i) (local.get $i))
      (br_if $l (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1))) (global.get $bound))))
    (local.get $i))
  (func (export "moving-bound") (result i32)
    (local $i i32)
    (loop $l
      (if (i32.gt_u (global.get $bound) (i32.const 150))
        (then (global.set $bound (i32.sub (global.get $bound) (i32.const 1)))))
      (br_if $l (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1))) (global.get $bound))))
    (local.get $i))
  (func (export "moving-counter") (result i32)
    (local $i i32) (local $turns i32)
    (loop $l
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (if (i32.eq (local.get $i) (i32.const 50)) (then (local.set $i (i32.const 90))))
      (br_if $l (i32.lt_s
        (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
    (local.get $turns))
  (func (export "store-until-trap") (param $at i32)
    (loop $l
      (i32.store (local.get $at) (i32.const 1))
      (br_if $l (i32.ne
        (local.tee $at (i32.add (local.get $at) (i32.const 4))) (i32.const 0))))))
(assert_return (invoke "up" (i32.const 0) (i32.const 10000)) (i32.const 10000))
(assert_return (invoke "up" (i32.const 5) (i32.const 5)) (i32.const 1))
(assert_return (invoke "up" (i32.const -5) (i32.const 5)) (i32.const 10))
(assert_return (invoke "up" (i32.const 2147483647) (i32.const -2147483000)) (i32.const 649))
(assert_return (invoke "up-unsigned" (i32.const 0) (i32.const 4001)) (i32.const 1001))
(assert_return (invoke "up-unsigned" (i32.const -16) (i32.const -6)) (i32.const 3))
(assert_return (invoke "down" (i32.const 1)) (i32.const 1))
(assert_return (invoke "down" (i32.const 9999)) (i32.const 9999))
(assert_return (invoke "until-equal" (i32.const 0) (i32.const 8000) (i32.const 5000))
  (i32.const 1000))
(assert_return (invoke "until-equal" (i32.const 1) (i32.const 8000) (i32.const 5000))
  (i32.const -1))
(assert_return (invoke "until-equal" (i32.const -80) (i32.const 80) (i32.const 5000))
  (i32.const 20))
(assert_return (invoke "global-bound") (i32.const 300))
(assert_return (invoke "moving-bound") (i32.const 150))
(assert_return (invoke "moving-counter") (i32.const 60))
(assert_trap (invoke "store-until-trap" (i32.const 0)) "out of bounds memory access")
