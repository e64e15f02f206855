//! Writes the document of a node's API (OpenAPI 3.1) to standard output.

fn main() {
    println!("{}", mutua_node::api::document());
}
