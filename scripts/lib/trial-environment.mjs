/**
 * A checkout is where FluxVision is tried and developed: cameras may be on this machine (`fluxvision simulate`), unless
 * the setting is given. A server that was installed, such as the image's, allows none there by itself.
 */
export function trialEnvironment(environment) {
  environment.FLUXVISION_LOOPBACK_PORTS ||= "any";
}
