/** The module of `bindings-wasm`, in base64. `cargo xtask` writes this file's code when it builds the package. */
export declare const base64: string;
