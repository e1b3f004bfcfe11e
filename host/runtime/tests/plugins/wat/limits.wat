;; What no tool chain of ours writes: endless recursion, growing tables, handles without end. A plugin that only ranks; the
;; first letter of the request's id says what it does: `s`, `t`, `h`, or nothing.
(component
  (core module $code
    (import "host" "new-token" (func $new_token (param i32) (result i32)))
    (memory (export "memory") 1)
    (table $functions 1 funcref)
    (global $free (mut i32) (i32.const 1024))

    ;; Nothing is given back: an instance serves one request.
    (func (export "realloc") (param $old i32) (param $was i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
      (global.set $free (i32.add (local.get $at) (local.get $size)))
      (local.get $at))

    (func $deeper (param $level i32) (result i32)
      (i32.add (call $deeper (i32.add (local.get $level) (i32.const 1))) (i32.const 1)))

    (func (export "rank") (param $request i32) (result f64)
      (local $kind i32)
      (local.set $kind (i32.load8_u (i32.load (local.get $request))))
      (if (i32.eq (local.get $kind) (i32.const 0x73)) (then (drop (call $deeper (i32.const 0)))))
      (if (i32.eq (local.get $kind) (i32.const 0x74))
        (then (loop $more (drop (table.grow $functions (ref.null func) (i32.const 1000))) (br $more))))
      (if (i32.eq (local.get $kind) (i32.const 0x68))
        (then (loop $more (drop (call $new_token (i32.const 0))) (br $more))))
      (f64.const 1)))

  (type $token (resource (rep i32)))
  (core func $new_token (canon resource.new $token))
  (core instance $host (export "new-token" (func $new_token)))
  (core instance $code (instantiate $code (with "host" (instance $host))))

  (type $dialect' (enum "synapse" "btauth"))
  (export $dialect "dialect" (type $dialect'))
  (type $caller' (record
    (field "hotkey" string)
    (field "uid" (option u16))
    (field "stake" f64)
    (field "validator-permit" bool)
    (field "ip" string)
    (field "body-bound" bool)))
  (export $caller "caller" (type $caller'))
  (type $request' (record
    (field "id" string)
    (field "route" string)
    (field "target" string)
    (field "caller" $caller)
    (field "dialect" $dialect)
    (field "method" string)
    (field "headers" (list (tuple string string)))
    (field "content-type" string)
    (field "body-len" u32)
    (field "received-ms" f64)
    (field "deadline-ms" u32)))
  (export $request "request" (type $request'))

  (func $rank (param "request" $request) (result f64)
    (canon lift (core func $code "rank") (memory (core memory $code "memory")) (realloc (core func $code "realloc"))))
  (instance $priority (export "rank" (func $rank)))
  (export "soma:neuron/priority@0.1.0" (instance $priority)))
