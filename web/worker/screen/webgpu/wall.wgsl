// The whole wall in one draw: one instance per tile, four vertices each.

struct Instance {
  @location(0) target_rect: vec4f,  // clip space: left, top, width, height
  @location(1) source_rect: vec4f,  // part of the picture, 0..1
  @location(2) main_slot: vec4f,    // texels in r8 or rgba8
  @location(3) chroma_slot: vec4f,  // texels in r8 (U; V lies below) or rg8
  @location(4) places: vec4f,       // main layer, chroma layer, mode, unused
  @location(5) red: vec4f,
  @location(6) green: vec4f,
  @location(7) blue: vec4f,
}

struct Fragment {
  @builtin(position) position: vec4f,
  @location(0) at: vec2f,           // texels within the main slot
  @location(1) @interpolate(flat) main_slot: vec4f,
  @location(2) @interpolate(flat) chroma_slot: vec4f,
  @location(3) @interpolate(flat) places: vec4f,
  @location(4) @interpolate(flat) red: vec4f,
  @location(5) @interpolate(flat) green: vec4f,
  @location(6) @interpolate(flat) blue: vec4f,
}

@group(0) @binding(0) var linear_sampler: sampler;
@group(0) @binding(1) var r8: texture_2d_array<f32>;
@group(0) @binding(2) var rg8: texture_2d_array<f32>;
@group(0) @binding(3) var rgba8: texture_2d_array<f32>;

@vertex
fn vertex_main(@builtin(vertex_index) vertex: u32, tile: Instance) -> Fragment {
  let corner = vec2f(f32(vertex & 1u), f32(vertex >> 1u));
  var out: Fragment;
  out.position = vec4f(
    tile.target_rect.x + corner.x * tile.target_rect.z,
    tile.target_rect.y - corner.y * tile.target_rect.w,
    0.0, 1.0);
  out.at = (tile.source_rect.xy + corner * tile.source_rect.zw) * tile.main_slot.zw;
  out.main_slot = tile.main_slot;
  out.chroma_slot = tile.chroma_slot;
  out.places = tile.places;
  out.red = tile.red;
  out.green = tile.green;
  out.blue = tile.blue;
  return out;
}

// Texel to texture coordinate, never touching the neighbours of the slot.
fn within(slot: vec4f, at: vec2f) -> vec2f {
  return slot.xy + clamp(at, vec2f(0.5), slot.zw - vec2f(0.5));
}

@fragment
fn fragment_main(in: Fragment) -> @location(0) vec4f {
  let mode = in.places.z;
  let main_layer = i32(in.places.x);
  let chroma_layer = i32(in.places.y);
  let main_at = within(in.main_slot, in.at);
  if (mode > 1.5) {
    let size = vec2f(textureDimensions(rgba8));
    return vec4f(textureSampleLevel(rgba8, linear_sampler, main_at / size, main_layer, 0.0).rgb, 1.0);
  }
  let size = vec2f(textureDimensions(r8));
  let y = textureSampleLevel(r8, linear_sampler, main_at / size, main_layer, 0.0).r;
  // Chroma samples sit on the even luma columns, between two rows (H.264 chroma_sample_loc_type 0).
  let chroma_at = within(in.chroma_slot, in.at * 0.5 + vec2f(0.25, 0.0));
  var uv: vec2f;
  if (mode < 0.5) {
    let below = vec2f(0.0, in.chroma_slot.w);
    uv = vec2f(
      textureSampleLevel(r8, linear_sampler, chroma_at / size, chroma_layer, 0.0).r,
      textureSampleLevel(r8, linear_sampler, (chroma_at + below) / size, chroma_layer, 0.0).r);
  } else {
    uv = textureSampleLevel(rg8, linear_sampler, chroma_at / vec2f(textureDimensions(rg8)), chroma_layer, 0.0).rg;
  }
  let yuv = vec4f(y, uv, 1.0);
  return vec4f(dot(in.red, yuv), dot(in.green, yuv), dot(in.blue, yuv), 1.0);
}
