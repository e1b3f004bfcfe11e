//! The `plugin!` macro.

/// Says which functions are hooks. A hook that is not named is not exported.
///
/// ```text
/// soma_sdk::plugin! {
///     forward: { TextGeneration => generate, "images-v2" as ImageGeneration => draw },
///     streaming: { TextStream => stream },
///     blacklist: blacklist,
///     verify: { TextGeneration => verify },
///     priority: priority,
///     init: load,
/// }
/// ```
///
/// - `forward: { Class => function, .. }` binds the route with the class's name; `"route" as Class => function`
///   binds another name. Shapes: `fn(Class) -> A` or `fn(Class, &Request) -> A`, with `A` a class or
///   `Result<class, Failure>`.
/// - `forward: function` takes every route as bytes: `fn(&Request, &[u8]) -> Result<Reply, Failure>`.
/// - `streaming: { Class => function, .. }` binds routes that the manifest gives `stream`, in the same way. Shapes:
///   `fn(Class, &Request, &ResponseStream) -> Result<(), Failure>`, or the same without the request.
/// - `streaming: function` takes every such route as bytes:
///   `fn(&Request, &[u8], &ResponseStream) -> Result<(), Failure>`.
/// - `verify: { Class => function, .. }` checks the bodies of these routes; others pass. Shapes:
///   `fn(&Request, &Class) -> Result<(), String>`, or with `Verdict`. A body that is no such class does not pass.
/// - `verify: function` checks every route as bytes: `fn(&Request, &[u8]) -> Result<(), String>`.
/// - `blacklist: function`: `fn(&Request) -> (bool, String)` or `fn(&Request) -> Verdict`.
/// - `priority: function`: `fn(&Request) -> f64`.
/// - `init: function` gets an instance ready that serves more than one request: `fn() -> Result<(), String>`. The
///   manifest does not name it, and a fresh instance does not run it.
///
/// On the author's own machine the same functions are there without a host, as `NativePlugin::forward`, `blacklist`,
/// `verify`, `priority` and `init`: what a host of native code would call.
///
/// ```
/// use soma_sdk::{prelude::*, testing};
///
/// #[derive(Serialize, Deserialize)]
/// struct Shout {
///     text: String,
/// }
///
/// fn shout(mut synapse: Shout) -> Shout {
///     synapse.text.make_ascii_uppercase();
///     synapse
/// }
///
/// fn stranger(request: &Request) -> (bool, String) {
///     (request.caller.uid.is_none(), "not registered".into())
/// }
///
/// fn load() -> Result<(), String> {
///     Err("there is no model".into())
/// }
///
/// soma_sdk::plugin! {
///     forward: { Shout => shout },
///     blacklist: stranger,
///     init: load,
/// }
///
/// let request = testing::request("Shout");
/// assert_eq!(NativePlugin::blacklist(request.clone()), Verdict::Deny("not registered".into()));
/// let reply = NativePlugin::forward(request, br#"{"text":"hi"}"#.to_vec()).unwrap();
/// assert_eq!(reply.body, br#"{"text":"HI"}"#);
/// assert_eq!(NativePlugin::init(), Err("there is no model".into()));
/// ```
#[macro_export]
macro_rules! plugin {
    (@hooks) => {};
    (@hooks forward: { $($routes:tt)* } $(, $($rest:tt)*)?) => {
        $crate::plugin!(@forward(request, body) {
            $crate::plugin!(@routes request body [] $($routes)*)
        });
        $crate::plugin!(@hooks $($($rest)*)?);
    };
    (@hooks forward: $function:path $(, $($rest:tt)*)?) => {
        $crate::plugin!(@forward(request, body) { ($function)(&request, &body) });
        $crate::plugin!(@hooks $($($rest)*)?);
    };
    (@hooks streaming: { $($routes:tt)* } $(, $($rest:tt)*)?) => {
        $crate::plugin!(@streaming(request, body, out) {
            $crate::plugin!(@streams request body out [] $($routes)*)
        });
        $crate::plugin!(@hooks $($($rest)*)?);
    };
    (@hooks streaming: $function:path $(, $($rest:tt)*)?) => {
        $crate::plugin!(@streaming(request, body, out) { ($function)(&request, &body, &out) });
        $crate::plugin!(@hooks $($($rest)*)?);
    };
    (@hooks verify: { $($routes:tt)* } $(, $($rest:tt)*)?) => {
        $crate::plugin!(@verify(request, body) {
            $crate::plugin!(@checks request body [] $($routes)*)
        });
        $crate::plugin!(@hooks $($($rest)*)?);
    };
    (@hooks verify: $function:path $(, $($rest:tt)*)?) => {
        $crate::plugin!(@verify(request, body) { $crate::__private::verify_bytes($function, &request, &body) });
        $crate::plugin!(@hooks $($($rest)*)?);
    };
    (@hooks blacklist: $function:path $(, $($rest:tt)*)?) => {
        const _: () = {
            struct Hook;
            impl $crate::__private::blacklist::Guest for Hook {
                fn check(request: $crate::Request) -> $crate::Verdict {
                    $crate::__private::start();
                    $crate::__private::judge($function, &request)
                }
            }
            #[cfg(not(target_arch = "wasm32"))]
            impl NativePlugin {
                /// The hook `blacklist`.
                pub fn blacklist(request: $crate::Request) -> $crate::Verdict {
                    <Hook as $crate::__private::blacklist::Guest>::check(request)
                }
            }
            #[cfg(target_arch = "wasm32")]
            $crate::__private::export_blacklist!(
                Hook with_types_in $crate::__private::blacklist_hook
            );
        };
        $crate::plugin!(@hooks $($($rest)*)?);
    };
    (@hooks priority: $function:path $(, $($rest:tt)*)?) => {
        const _: () = {
            struct Hook;
            impl $crate::__private::priority::Guest for Hook {
                fn rank(request: $crate::Request) -> f64 {
                    $crate::__private::start();
                    $crate::__private::rank($function, &request)
                }
            }
            #[cfg(not(target_arch = "wasm32"))]
            impl NativePlugin {
                /// The hook `priority`.
                pub fn priority(request: $crate::Request) -> f64 {
                    <Hook as $crate::__private::priority::Guest>::rank(request)
                }
            }
            #[cfg(target_arch = "wasm32")]
            $crate::__private::export_priority!(
                Hook with_types_in $crate::__private::priority_hook
            );
        };
        $crate::plugin!(@hooks $($($rest)*)?);
    };
    (@hooks init: $function:path $(, $($rest:tt)*)?) => {
        const _: () = {
            struct Hook;
            impl $crate::__private::lifecycle::Guest for Hook {
                fn init() -> ::core::result::Result<(), ::std::string::String> {
                    $crate::__private::start();
                    $crate::__private::prepare($function)
                }
            }
            #[cfg(not(target_arch = "wasm32"))]
            impl NativePlugin {
                /// Gets an instance ready.
                pub fn init() -> ::core::result::Result<(), ::std::string::String> {
                    <Hook as $crate::__private::lifecycle::Guest>::init()
                }
            }
            #[cfg(target_arch = "wasm32")]
            $crate::__private::export_lifecycle!(
                Hook with_types_in $crate::__private::lifecycle_hook
            );
        };
        $crate::plugin!(@hooks $($($rest)*)?);
    };
    (@hooks $other:tt $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "plugin! knows `forward: { Class => function }`, `streaming: { Class => function }`, \
             `verify: { Class => function }`, `blacklist: function`, `priority: function` and `init: function`, \
             separated by commas; it found `", ::core::stringify!($other), "`"
        ));
    };

    (@forward($request:ident, $body:ident) { $($run:tt)* }) => {
        const _: () = {
            struct Hook;
            impl $crate::__private::forward::Guest for Hook {
                fn forward(
                    $request: $crate::Request,
                    $body: ::std::vec::Vec<u8>,
                ) -> ::core::result::Result<$crate::Reply, $crate::Failure> {
                    $crate::__private::start();
                    $($run)*
                }
            }
            #[cfg(not(target_arch = "wasm32"))]
            impl NativePlugin {
                /// The hook `forward`.
                pub fn forward(
                    request: $crate::Request,
                    body: ::std::vec::Vec<u8>,
                ) -> ::core::result::Result<$crate::Reply, $crate::Failure> {
                    <Hook as $crate::__private::forward::Guest>::forward(request, body)
                }
            }
            #[cfg(target_arch = "wasm32")]
            $crate::__private::export_forward!(
                Hook with_types_in $crate::__private::forward_hook
            );
        };
    };

    (@streaming($request:ident, $body:ident, $out:ident) { $($run:tt)* }) => {
        const _: () = {
            struct Hook;
            impl $crate::__private::streaming::Guest for Hook {
                fn forward(
                    $request: $crate::Request,
                    $body: ::std::vec::Vec<u8>,
                    stream: $crate::__private::HostStream,
                ) -> ::core::result::Result<(), $crate::Failure> {
                    $crate::__private::start();
                    let $out = $crate::ResponseStream::from_host(stream);
                    $($run)*
                }
            }
            // Where nothing is exported the author's functions still count as used.
            #[cfg(not(target_arch = "wasm32"))]
            const _: fn() = || _ = <Hook as $crate::__private::streaming::Guest>::forward;
            #[cfg(target_arch = "wasm32")]
            $crate::__private::export_streaming!(
                Hook with_types_in $crate::__private::streaming_hook
            );
        };
    };

    (@streams $request:ident $body:ident $out:ident [$($arm:tt)*]) => {
        match $request.route.as_str() {
            $($arm)*
            _ => ::core::result::Result::Err($crate::__private::unknown_route(&$request)),
        }
    };
    (@streams $request:ident $body:ident $out:ident [$($arm:tt)*]
        $class:ident => $function:path $(, $($rest:tt)*)?) => {
        $crate::plugin!(@streams $request $body $out [$($arm)*
            ::core::stringify!($class) => {
                $crate::__private::stream::<$class, _>($function, &$request, &$body, &$out)
            }
        ] $($($rest)*)?)
    };
    (@streams $request:ident $body:ident $out:ident [$($arm:tt)*]
        $route:literal as $class:ty => $function:path $(, $($rest:tt)*)?) => {
        $crate::plugin!(@streams $request $body $out [$($arm)*
            $route => $crate::__private::stream::<$class, _>($function, &$request, &$body, &$out),
        ] $($($rest)*)?)
    };

    (@verify($request:ident, $body:ident) { $($run:tt)* }) => {
        const _: () = {
            struct Hook;
            impl $crate::__private::verify::Guest for Hook {
                fn check($request: $crate::Request, $body: ::std::vec::Vec<u8>) -> $crate::Verdict {
                    $crate::__private::start();
                    $($run)*
                }
            }
            #[cfg(not(target_arch = "wasm32"))]
            impl NativePlugin {
                /// The hook `verify`.
                pub fn verify(request: $crate::Request, body: ::std::vec::Vec<u8>) -> $crate::Verdict {
                    <Hook as $crate::__private::verify::Guest>::check(request, body)
                }
            }
            #[cfg(target_arch = "wasm32")]
            $crate::__private::export_verify!(
                Hook with_types_in $crate::__private::verify_hook
            );
        };
    };

    (@checks $request:ident $body:ident [$($arm:tt)*]) => {
        match $request.route.as_str() {
            $($arm)*
            _ => $crate::Verdict::Allow,
        }
    };
    (@checks $request:ident $body:ident [$($arm:tt)*]
        $class:ident => $function:path $(, $($rest:tt)*)?) => {
        $crate::plugin!(@checks $request $body [$($arm)*
            ::core::stringify!($class) => $crate::__private::check::<$class, _>($function, &$request, &$body),
        ] $($($rest)*)?)
    };
    (@checks $request:ident $body:ident [$($arm:tt)*]
        $route:literal as $class:ty => $function:path $(, $($rest:tt)*)?) => {
        $crate::plugin!(@checks $request $body [$($arm)*
            $route => $crate::__private::check::<$class, _>($function, &$request, &$body),
        ] $($($rest)*)?)
    };

    (@routes $request:ident $body:ident [$($arm:tt)*]) => {
        match $request.route.as_str() {
            $($arm)*
            _ => ::core::result::Result::Err($crate::__private::unknown_route(&$request)),
        }
    };
    (@routes $request:ident $body:ident [$($arm:tt)*]
        $class:ident => $function:path $(, $($rest:tt)*)?) => {
        $crate::plugin!(@routes $request $body [$($arm)*
            ::core::stringify!($class) => $crate::__private::run::<$class, _>($function, &$request, &$body),
        ] $($($rest)*)?)
    };
    (@routes $request:ident $body:ident [$($arm:tt)*]
        $route:literal as $class:ty => $function:path $(, $($rest:tt)*)?) => {
        $crate::plugin!(@routes $request $body [$($arm)*
            $route => $crate::__private::run::<$class, _>($function, &$request, &$body),
        ] $($($rest)*)?)
    };

    ($($hooks:tt)+) => {
        /// The plugin's hooks as functions of this machine.
        #[cfg(not(target_arch = "wasm32"))]
        #[derive(Clone, Copy, Debug)]
        pub struct NativePlugin;

        $crate::plugin!(@hooks $($hooks)+);
    };
}
