/** At most so many lines, the shape kept; fitted into a raster, with bars where the shape differs; or as the source has it. */
export type PictureSize =
  | { readonly atMost: number }
  | { readonly raster: { readonly width: number; readonly height: number } }
  | "source";

/** How the picture is coded. */
export interface VideoRecipe {
  readonly encoder: string;
  readonly options: readonly string[];
  readonly pixelFormat: string;
  /** The constant quality by default, as the encoder counts; null where the options fix how good it is. */
  readonly crf: number | null;
  readonly size: PictureSize;
  /** Frames per second, as a number or a fraction; null: those of the source. */
  readonly frameRate: string | null;
}

/** How the sound is coded. */
export interface AudioRecipe {
  readonly encoder: string;
  readonly options: readonly string[];
  /** Kilobits per second; null for an encoder that loses nothing. */
  readonly kilobits: number | null;
  readonly tracks: "first" | "all";
}

/** A way to make a file that people ask for by name. */
export interface Preset {
  readonly description: string;
  readonly use: "web" | "proxy" | "edit" | "broadcast" | "sound";
  /** The name that ffmpeg has for the kind of file, and the end of file names of that kind. */
  readonly muxer: string;
  readonly extension: string;
  /** Of the kind of file. */
  readonly options: readonly string[];
  readonly video: VideoRecipe | null;
  readonly audio: AudioRecipe;
}

const MP4 = { muxer: "mp4", extension: "mp4", options: ["-movflags", "+faststart"] } as const;
const WEBM = { muxer: "webm", extension: "webm", options: [] } as const;
const MOV = { muxer: "mov", extension: "mov", options: [] } as const;
const MXF = { muxer: "mxf", extension: "mxf", options: [] } as const;

const AAC: AudioRecipe = { encoder: "aac", options: ["-ac", "2"], kilobits: 160, tracks: "first" };
const OPUS: AudioRecipe = { encoder: "libopus", options: ["-ac", "2"], kilobits: 128, tracks: "first" };
const PCM: AudioRecipe = { encoder: "pcm_s24le", options: ["-ar", "48000"], kilobits: null, tracks: "all" };

/** Eight bits in 4:2:0, the only kind that every browser shows. */
const FOR_BROWSERS = { pixelFormat: "yuv420p", frameRate: null } as const;

function h264(lines: number, crf: number, speed: string): VideoRecipe {
  const options = ["-preset", speed, "-profile:v", "high"];
  return { ...FOR_BROWSERS, encoder: "libx264", options, crf, size: { atMost: lines } };
}

const HEVC: VideoRecipe = {
  ...FOR_BROWSERS,
  encoder: "libx265",
  // Without the tag, Apple's players do not play it.
  options: ["-preset", "medium", "-x265-params", "log-level=error", "-tag:v", "hvc1"],
  crf: 24,
  size: { atMost: 1080 },
};

const AV1: VideoRecipe = {
  ...FOR_BROWSERS,
  encoder: "libsvtav1",
  options: ["-preset", "8", "-g", "240"],
  crf: 32,
  size: { atMost: 1080 },
};

const VP9: VideoRecipe = {
  ...FOR_BROWSERS,
  encoder: "libvpx-vp9",
  options: ["-deadline", "good", "-cpu-used", "4", "-row-mt", "1"],
  crf: 32,
  size: { atMost: 1080 },
};

/** Profiles of ProRes by their numbers: 0 Proxy, 2 standard, 3 HQ. */
function prores(profile: 0 | 2 | 3, size: PictureSize): VideoRecipe {
  const options = ["-profile:v", String(profile), "-vendor", "apl0"];
  return { encoder: "prores_ks", options, pixelFormat: "yuv422p10le", crf: null, size, frameRate: null };
}

function dnxhr(profile: "dnxhr_hq" | "dnxhr_lb", size: PictureSize): VideoRecipe {
  const options = ["-profile:v", profile];
  return { encoder: "dnxhd", options, pixelFormat: "yuv422p", crf: null, size, frameRate: null };
}

/** MPEG-2 in 4:2:2 at a constant 50 Mb/s, progressive, with a group of pictures of half a second, as XDCAM HD422 has it. */
function xdcam(frameRate: string, group: number): VideoRecipe {
  return {
    encoder: "mpeg2video",
    options: [
      ...["-profile:v", "0", "-level:v", "2", "-g", String(group), "-bf", "2", "-sc_threshold", "1000000000"],
      ...["-b:v", "50M", "-minrate", "50M", "-maxrate", "50M", "-bufsize", "17825792"],
      ...["-rc_init_occupancy", "17825792", "-qmin", "1", "-qmax", "28", "-dc", "10"],
      ...["-intra_vlc", "1", "-non_linear_quant", "1"],
    ],
    pixelFormat: "yuv422p",
    crf: null,
    size: { raster: { width: 1920, height: 1080 } },
    frameRate,
  };
}

/** The presets of `media.transcode` by name, as data: to add one, add it here. */
export const PRESETS = {
  "h264-1080p": {
    ...MP4,
    use: "web",
    description: "plays everywhere; at most 1080 lines",
    video: h264(1080, 21, "medium"),
    audio: AAC,
  },
  "h264-720p": {
    ...MP4,
    use: "web",
    description: "plays everywhere; at most 720 lines",
    video: h264(720, 22, "medium"),
    audio: AAC,
  },
  "hevc-1080p": {
    ...MP4,
    use: "web",
    description: "about half the size of H.264, for newer players",
    video: HEVC,
    audio: AAC,
  },
  "av1-1080p": { ...MP4, use: "web", description: "the smallest, for browsers of today", video: AV1, audio: AAC },
  "vp9-1080p": { ...WEBM, use: "web", description: "free of licences, for browsers", video: VP9, audio: OPUS },
  "proxy-h264": {
    ...MP4,
    use: "proxy",
    description: "small and quick to make, for looking and choosing",
    video: h264(540, 26, "veryfast"),
    audio: { ...AAC, kilobits: 96 },
  },
  "proxy-prores": {
    ...MOV,
    use: "proxy",
    description: "ProRes Proxy, for cutting offline",
    video: prores(0, { atMost: 720 }),
    audio: PCM,
  },
  "proxy-dnxhr": {
    ...MOV,
    use: "proxy",
    description: "DNxHR LB, for cutting offline",
    video: dnxhr("dnxhr_lb", { atMost: 720 }),
    audio: PCM,
  },
  "prores-422": { ...MOV, use: "edit", description: "ProRes 422", video: prores(2, "source"), audio: PCM },
  "prores-422-hq": {
    ...MOV,
    use: "edit",
    description: "ProRes 422 HQ, for grading and as a master",
    video: prores(3, "source"),
    audio: PCM,
  },
  "dnxhr-hq": { ...MOV, use: "edit", description: "DNxHR HQ", video: dnxhr("dnxhr_hq", "source"), audio: PCM },
  "xdcam-hd422-25p": {
    ...MXF,
    use: "broadcast",
    description: "MPEG-2 at 50 Mb/s in the manner of XDCAM HD422, 25 frames per second",
    video: xdcam("25", 12),
    audio: PCM,
  },
  "xdcam-hd422-2997p": {
    ...MXF,
    use: "broadcast",
    description: "the same at 29.97 frames per second",
    video: xdcam("30000/1001", 15),
    audio: PCM,
  },
  aac: {
    ...{ muxer: "ipod", extension: "m4a", options: MP4.options },
    use: "sound",
    description: "plays everywhere",
    video: null,
    audio: { ...AAC, kilobits: 192 },
  },
  mp3: {
    ...{ muxer: "mp3", extension: "mp3", options: [] },
    use: "sound",
    description: "for what plays nothing else",
    video: null,
    audio: { encoder: "libmp3lame", options: [], kilobits: 192, tracks: "first" },
  },
  opus: {
    ...{ muxer: "ogg", extension: "opus", options: [] },
    use: "sound",
    description: "the best sound for its size",
    video: null,
    audio: OPUS,
  },
  flac: {
    ...{ muxer: "flac", extension: "flac", options: [] },
    use: "sound",
    description: "nothing is lost, at about half the size of WAV",
    video: null,
    audio: { encoder: "flac", options: [], kilobits: null, tracks: "first" },
  },
  wav: {
    ...{ muxer: "wav", extension: "wav", options: ["-rf64", "auto"] },
    use: "sound",
    description: "24 bits at 48 kHz, for exchange",
    video: null,
    audio: { ...PCM, tracks: "first" },
  },
} as const satisfies Record<string, Preset>;

/** The name of a preset. */
export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as [PresetName, ...PresetName[]];

export function presetOf(name: PresetName): Preset {
  return PRESETS[name];
}
