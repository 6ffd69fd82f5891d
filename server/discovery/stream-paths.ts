/** Where makers put their streams: path of the main stream, and of the smaller one. */
interface StreamPaths {
  readonly main: string;
  readonly sub: string | undefined;
}

interface Maker extends StreamPaths {
  /** In what the device says of itself. */
  readonly known: RegExp;
}

const MAKERS: readonly Maker[] = [
  { known: /hikvision|hiwatch|\bDS-2/i, main: "/Streaming/Channels/101", sub: "/Streaming/Channels/102" },
  {
    known: /dahua|amcrest|lorex|imou|\bIPC-H/i,
    main: "/cam/realmonitor?channel=1&subtype=0",
    sub: "/cam/realmonitor?channel=1&subtype=1",
  },
  { known: /axis/i, main: "/axis-media/media.amp", sub: "/axis-media/media.amp?resolution=640x360" },
  { known: /hanwha|wisenet|samsung|techwin/i, main: "/profile2/media.smp", sub: "/profile3/media.smp" },
  { known: /reolink/i, main: "/h264Preview_01_main", sub: "/h264Preview_01_sub" },
  { known: /uniview|\bunv\b/i, main: "/media/video1", sub: "/media/video2" },
  { known: /tp-?link|tapo|vigi/i, main: "/stream1", sub: "/stream2" },
  { known: /bosch/i, main: "/video?inst=1", sub: "/video?inst=2" },
  { known: /vivotek/i, main: "/live1s1.sdp", sub: "/live1s2.sdp" },
  { known: /sony/i, main: "/media/video1", sub: "/media/video2" },
  { known: /panasonic|i-pro/i, main: "/MediaInput/stream_1", sub: "/MediaInput/stream_2" },
  { known: /fluxvision simulator/i, main: "/cam01/main", sub: "/cam01/sub" },
];
const PLAIN: StreamPaths = { main: "/", sub: undefined };

/** What to try at a device that says this of itself, likeliest first. Those that are known only: guessing locks accounts. */
export function pathsFor(description: string): StreamPaths[] {
  const known = MAKERS.filter((maker) => maker.known.test(description));
  const tried = known.length > 0 ? known : MAKERS.slice(0, 7);
  return [...tried.map(({ main, sub }) => ({ main, sub })), PLAIN];
}
