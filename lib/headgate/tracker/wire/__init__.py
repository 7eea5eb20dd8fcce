"""What goes over the wire: parameters, answers, and data in json, csv and xml."""
