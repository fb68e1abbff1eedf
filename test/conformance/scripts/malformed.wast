;; What no engine takes must not become something that it takes.
(assert_malformed (module binary "") "unexpected end")
(assert_malformed (module binary "\00asm\02\00\00\00") "unknown binary version")
(assert_malformed (module binary "\00asm\01\00\00\00\01\05\01\60") "unexpected end")
;; A call of the function after the last one.
(assert_invalid (module binary "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00"
  "\0a\06\01\04\00\10\01\0b") "unknown function")
;; The global, table and memory after the last one.
(assert_invalid (module binary "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00"
  "\0a\07\01\05\00\23\00\1a\0b") "unknown global")
(assert_invalid (module binary "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00"
  "\0a\09\01\07\00\41\00\25\00\1a\0b") "unknown table")
(assert_invalid (module binary "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00"
  "\0a\07\01\05\00\3f\00\1a\0b") "unknown memory")
;; Exports of them.
(assert_invalid (module binary "\00asm\01\00\00\00" "\07\05\01\01\61\00\00") "unknown function")
(assert_invalid (module binary "\00asm\01\00\00\00" "\07\05\01\01\61\01\00") "unknown table")
(assert_invalid (module binary "\00asm\01\00\00\00" "\07\05\01\01\61\03\00") "unknown global")
;; A branch out of the function, an operand that is not there, code after the end.
(assert_invalid (module (func (br 1))) "unknown label")
(assert_invalid (module (func (drop))) "type mismatch")
(assert_malformed (module binary "\00asm\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00"
  "\0a\05\01\03\00\0b\01") "END opcode expected")
(assert_invalid (module (func $f (param i32)) (start $f)) "start function")
(assert_invalid (module (func) (export "a" (func 0)) (export "a" (func 0))) "duplicate export")
