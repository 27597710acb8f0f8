package series

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

// Declaration says what the points of a collection are made of:
//
//	{"series": ["machine"], "time": "at", "values": ["v"], "retention": "30d", "rollups": ["1m", "1h"], "timeFormat": "iso"}
//
// series may be left out or empty: then there is one series. Without retention points are kept for ever. timeFormat says
// how times are served: "ms" (default) as Unix milliseconds, "iso" as ISO 8601 in UTC. Both are taken.
type Declaration struct {
	Keys      []string // fields that name the series
	Time      string   // the field with the time
	Values    []string // fields with numbers
	Retention int64    // milliseconds, 0 for ever
	Rollups   []Bucket
	ISO       bool // times are served as ISO 8601
}

const (
	maxKeys    = 16
	maxValues  = 256
	maxRollups = 16
	maxName    = 256
)

// ParseDeclaration reads a declaration.
func ParseDeclaration(v value.Value) (*Declaration, error) {
	if v.Kind() != value.KindObject {
		return nil, fmt.Errorf(`timeseries is %s: want an object such as {"series": ["machine"], "time": "at", "values": ["v"]}`, v.Kind())
	}
	var d Declaration
	for _, m := range v.Members() {
		if err := d.member(m); err != nil {
			return nil, err
		}
	}
	return &d, d.check()
}

func (d *Declaration) member(m value.Member) (err error) {
	switch m.Name {
	case "series":
		d.Keys, err = names(m, maxKeys)
	case "values":
		d.Values, err = names(m, maxValues)
	case "time":
		if m.Value.Kind() != value.KindString {
			return fmt.Errorf("timeseries.time is %s: want the name of the field with the time", m.Value.Kind())
		}
		d.Time = m.Value.Str()
	case "retention":
		if m.Value.Kind() != value.KindString && !m.Value.IsNull() {
			return fmt.Errorf("timeseries.retention is %s: want a span such as 30d", m.Value.Kind())
		}
		if d.Retention, err = ParseRetention(m.Value.Str()); err != nil {
			return fmt.Errorf("timeseries.retention: %w", err)
		}
	case "rollups":
		var spans []string
		if spans, err = names(m, maxRollups); err != nil {
			return err
		}
		for _, s := range spans {
			b, err := ParseBucket(s)
			if err != nil {
				return fmt.Errorf("timeseries.rollups: %w", err)
			}
			if b > 0 && b < secondMs {
				return fmt.Errorf("timeseries.rollups: %s is shorter than a second", s)
			}
			d.Rollups = append(d.Rollups, b)
		}
	case "timeFormat":
		if f := m.Value.Str(); f != "ms" && f != "iso" {
			return fmt.Errorf("timeseries.timeFormat is %s: want ms or iso", shortened(m.Value.String()))
		}
		d.ISO = m.Value.Str() == "iso"
	default:
		return fmt.Errorf("timeseries.%s is not known: series, time, values, retention, rollups and timeFormat are", shortened(m.Name))
	}
	return err
}

func names(m value.Member, most int) ([]string, error) {
	if m.Value.IsNull() {
		return nil, nil
	}
	if m.Value.Kind() != value.KindArray || m.Value.Len() > most {
		return nil, fmt.Errorf("timeseries.%s: want an array of at most %d texts", m.Name, most)
	}
	var out []string
	for i, item := range m.Value.Items() {
		if item.Kind() != value.KindString {
			return nil, fmt.Errorf("timeseries.%s[%d] is %s: want a text", m.Name, i, item.Kind())
		}
		out = append(out, item.Str())
	}
	return out, nil
}

func (d *Declaration) check() error {
	if d.Time == "" {
		return fmt.Errorf("timeseries.time is missing: want the name of the field with the time")
	}
	if len(d.Values) == 0 {
		return fmt.Errorf("timeseries.values is missing: want the names of the fields with numbers")
	}
	all := append(append(slices.Clone(d.Keys), d.Time), d.Values...)
	slices.Sort(all)
	for i, name := range all {
		switch {
		case name == "" || len(name) > maxName || name[0] == '_' || strings.ContainsAny(name, ".[]`"):
			return fmt.Errorf("timeseries: %s cannot be a field: names have 1 to %d bytes, do not begin with _ and hold none of .[]`", strconv.Quote(shortened(name)), maxName)
		case i > 0 && all[i-1] == name:
			return fmt.Errorf("timeseries: the field %s is named twice", strconv.Quote(name))
		}
	}
	slices.Sort(d.Rollups)
	if n := len(d.Rollups); len(slices.Compact(d.Rollups)) != n {
		return fmt.Errorf("timeseries.rollups: a span is named twice")
	}
	if i := slices.IndexFunc(d.Rollups, func(b Bucket) bool { return d.Retention > 0 && b.Next(0) > d.Retention }); i >= 0 {
		return fmt.Errorf("timeseries.rollups: %s is longer than the points are kept (retention)", d.Rollups[i])
	}
	return nil
}

// Value is the declaration as ParseDeclaration reads it, in its one canonical form.
func (d *Declaration) Value() value.Value {
	texts := func(list []string) value.Value {
		items := make([]value.Value, len(list))
		for i, s := range list {
			items[i] = value.String(s)
		}
		return value.Array(items...)
	}
	var spans []string
	for _, b := range d.Rollups {
		spans = append(spans, b.String())
	}
	format := "ms"
	if d.ISO {
		format = "iso"
	}
	members := []value.Member{
		{Name: "series", Value: texts(d.Keys)}, {Name: "time", Value: value.String(d.Time)}, {Name: "values", Value: texts(d.Values)},
		{Name: "rollups", Value: texts(spans)}, {Name: "timeFormat", Value: value.String(format)},
	}
	if d.Retention > 0 {
		members = append(members, value.Member{Name: "retention", Value: value.String(Bucket(d.Retention).String())})
	}
	return value.Object(members...)
}

// Layout is what decides how points are stored: the fields by name and order, in a text that no other declaration of
// fields has.
func (d *Declaration) Layout() string {
	fields := &Declaration{Keys: d.Keys, Time: d.Time, Values: d.Values}
	return string(value.AppendJSON(nil, fields.Value()))
}
