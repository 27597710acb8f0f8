// Figures of the planet as words.

import { count, visible } from '../../app/text.js'
import { millisOf } from './model.js'

/** 0.4/s, 12/s, 1,204/s; a dash where it is not known. */
export function perSecond(rate) {
  if (typeof rate !== 'number' || Number.isNaN(rate)) return '–'
  if (rate > 0 && rate < 9.95) return `${rate.toFixed(1).replace(/\.0$/, '')}/s`
  return `${count(Math.round(rate))}/s`
}

export function placeName(location) {
  if (!location) return ''
  return visible(location.city ? `${location.city} (${location.name})` : location.name)
}

/** How long ago a time of the planet was, in milliseconds; never below 0. */
export function ageOf(time) {
  const at = millisOf(time)
  return Number.isNaN(at) ? NaN : Math.max(0, Date.now() - at)
}

/** What is counted. */
export const meanings = {
  writes: 'Commits a second that began at a location. One commit may write many documents.',
  arrivals: 'Commits a second that a location took in from others.',
}

/** The address of another location's console, or null when it is no address of the web. */
export function consoleOf(url, page = 'planet') {
  try {
    const u = new URL(url)
    if (u.protocol !== 'http:' && u.protocol !== 'https:') return null
    return `${u.origin}/console/${page}`
  } catch {
    return null
  }
}
