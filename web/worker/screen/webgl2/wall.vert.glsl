#version 300 es
// One instance per tile; the same layout as wall.wgsl.
layout(location = 0) in vec4 target_rect;
layout(location = 1) in vec4 source_rect;
layout(location = 2) in vec4 main_slot;
layout(location = 3) in vec4 chroma_slot;
layout(location = 4) in vec4 places;
layout(location = 5) in vec4 red;
layout(location = 6) in vec4 green;
layout(location = 7) in vec4 blue;

out highp vec2 at;
flat out highp vec4 f_main_slot;
flat out highp vec4 f_chroma_slot;
flat out highp vec4 f_places;
flat out highp vec4 f_red;
flat out highp vec4 f_green;
flat out highp vec4 f_blue;

void main() {
  vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
  gl_Position = vec4(target_rect.x + corner.x * target_rect.z, target_rect.y - corner.y * target_rect.w, 0.0, 1.0);
  at = (source_rect.xy + corner * source_rect.zw) * main_slot.zw;
  f_main_slot = main_slot;
  f_chroma_slot = chroma_slot;
  f_places = places;
  f_red = red;
  f_green = green;
  f_blue = blue;
}
